//! Rows of currents a second that one core works out, batch by batch as the model asks for them, and one by one as the
//! engines that simulate every clock do.

#![allow(missing_docs)] // criterion_group! makes functions without.

#[path = "../src/device/onnx/encode.rs"]
mod encode;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use encode::{network, Dim, Layer, Port, FLOAT};
use hge_sim::device::{open, Device};
use std::hint::black_box;

/// Rows of a batch: a chunk of the model's, four windows of 256 samples.
const ROWS: usize = 1024;

/// Units of every layer of the surrogates that are published: 7-90x6-1.
const WIDTHS: [usize; 8] = [7, 90, 90, 90, 90, 90, 90, 1];

/// Numbers between -1 and 1 without any pattern; the golden ratio never repeats.
fn mixed(count: usize) -> Vec<f64> {
    (0..count).map(|i| 2.0 * (i as f64 * 0.618_033_988_75).fract() - 1.0).collect()
}

/// An ONNX file of a network of these widths with ReLUs, in the system's folder for such.
fn surrogate() -> std::path::PathBuf {
    let layers: Vec<Layer> = WIDTHS
        .windows(2)
        .map(|widths| Layer {
            weights: mixed(widths[0] * widths[1])
                .chunks(widths[0])
                .map(|row| row.iter().map(|&w| (w / (widths[0] as f64).sqrt()) as f32).collect())
                .collect(),
            bias: mixed(widths[1]).iter().map(|&b| b as f32 / 10.0).collect(),
        })
        .collect();
    let port = |name, width| Port {
        name,
        element_type: FLOAT,
        shape: vec![Dim::Symbol("n"), Dim::Size(width)],
    };
    let file = network(&[port("voltages_V", 7)], &[port("current_nA", 1)], &layers, false);
    let path = std::env::temp_dir().join(format!("hge-bench-{}.onnx", std::process::id()));
    std::fs::write(&path, file).expect("the temporary folder can be written");
    path
}

fn measure(criterion: &mut Criterion, name: &str, device: &dyn Device) {
    let volts = mixed(ROWS * device.electrodes());
    let outputs = device.outputs();
    let mut current_na = vec![0.0; ROWS * outputs];
    let mut group = criterion.benchmark_group(name);
    for (batch, rows) in [("1024 rows", ROWS), ("1 row", 1)] {
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(batch, |bencher| {
            bencher.iter(|| {
                let volts = black_box(&volts[..rows * device.electrodes()]);
                device.currents_na(volts, &mut current_na[..rows * outputs]);
                black_box(current_na[0])
            });
        });
    }
    group.finish();
}

fn devices(criterion: &mut Criterion) {
    for spec in ["builtin", "mzi", "mzi:1/4", "mesh:8/1", "mesh:8", "crossbar", "crossbar:54/8"] {
        let device = open(spec).expect("a device that is built in");
        measure(criterion, spec, device.as_ref());
    }
    let path = surrogate();
    let device = open(&format!("onnx:{}", path.display())).expect("a network of ReLUs");
    measure(criterion, "onnx 7-90x6-1", device.as_ref());
    // The measured surrogate, where it is named: HGE_BENCH_ONNX=FILE.
    if let Ok(file) = std::env::var("HGE_BENCH_ONNX") {
        let device = open(&format!("onnx:{file}")).unwrap_or_else(|error| panic!("{error}"));
        measure(criterion, "onnx of HGE_BENCH_ONNX", device.as_ref());
    }
    let _ = std::fs::remove_file(path);
}

criterion_group!(benches, devices);
criterion_main!(benches);
