//! Claims about surrogates: on networks written here, and on the measured one where it is at hand.

use super::encode::{network, Dim, Layer, Port, FLOAT};
use super::*;
use hge_needs::needs;
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

/// A file that is removed when it goes out of scope.
pub(super) struct TempFile(pub PathBuf);

impl TempFile {
    pub fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("hge-{}-{name}.onnx", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn port(name: &'static str, shape: Vec<Dim>) -> Port {
    Port { name, element_type: FLOAT, shape }
}

fn layer(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) -> Layer {
    let limit = (6.0 / inputs as f32).sqrt();
    let mut draw = |n: usize| (0..n).map(|_| rng.random_range(-limit..limit)).collect::<Vec<f32>>();
    Layer { weights: (0..outputs).map(|_| draw(inputs)).collect(), bias: draw(outputs) }
}

/// Random layers of the given widths.
fn layers(widths: &[usize]) -> Vec<Layer> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    widths.windows(2).map(|w| layer(w[0], w[1], &mut rng)).collect()
}

/// A model of random layers, `rows` long.
fn model(widths: &[usize], rows: fn() -> Dim) -> Vec<u8> {
    network(
        &[port("voltages_V", vec![rows(), Dim::Size(widths[0])])],
        &[port("current_nA", vec![rows(), Dim::Size(widths[widths.len() - 1])])],
        &layers(widths),
        false,
    )
}

pub(super) fn any() -> Dim {
    Dim::Symbol("n")
}

pub(super) fn refusal(name: &str, content: &[u8]) -> String {
    let file = TempFile::new(name, content);
    OnnxDevice::load(&file.0).unwrap_err().to_string()
}

fn rows_v(rows: usize, electrodes: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    (0..rows * electrodes).map(|_| rng.random_range(-1.2..0.6)).collect()
}

fn assert_rows_have_the_same_bits_in_every_batch(device: &OnnxDevice) {
    let (rows, k, outputs) = (150, device.electrodes(), device.outputs());
    let volts = rows_v(rows, k);
    let bits = |batch: usize| -> Vec<u64> {
        let mut out = vec![0.0; rows * outputs];
        for (volts, out) in volts.chunks(batch * k).zip(out.chunks_mut(batch * outputs)) {
            device.currents_na(volts, out);
        }
        out.iter().map(|i| i.to_bits()).collect()
    };
    let alone = bits(1);
    for batch in [2, 3, 5, 16, 63, 64, 65, 150] {
        assert_eq!(bits(batch), alone, "batch of {batch}");
    }
}

#[test]
fn a_row_has_the_same_bits_in_every_batch() {
    for widths in [&[7, 90, 90, 1][..], &[2, 1], &[3, 17, 5, 1], &[7, 90, 90, 8], &[3, 17, 5, 2]] {
        let file = TempFile::new(&format!("batch{}", widths.len()), &model(widths, any));
        let device = OnnxDevice::load(&file.0).unwrap();
        assert_eq!(device.outputs(), widths[widths.len() - 1]);
        assert_eq!(device.rows_at_once(), TILE_ROWS);
        assert_rows_have_the_same_bits_in_every_batch(&device);
    }
}

#[test]
fn a_model_exported_for_a_fixed_number_of_rows_is_evaluated_in_tiles_of_it() {
    for outputs in [1, 3] {
        let file = TempFile::new("fixed", &model(&[4, 8, outputs], || Dim::Size(3)));
        let device = OnnxDevice::load(&file.0).unwrap();
        assert_eq!((device.rows_at_once(), device.electrodes()), (3, 4));
        assert_rows_have_the_same_bits_in_every_batch(&device);
    }
}

#[test]
fn a_model_that_mixes_rows_is_refused() {
    for (name, rows) in [("mixed", any as fn() -> Dim), ("mixed-fixed", || Dim::Size(4))] {
        let input = port("v", vec![rows(), Dim::Size(3)]);
        let output = port("share", vec![rows(), Dim::Size(1)]);
        let text = refusal(name, &network(&[input], &[output], &layers(&[3, 1]), true));
        assert!(text.contains("depends on the other rows"), "{text}");
    }
}

#[test]
fn currents_are_those_of_the_network_in_plain_arithmetic() {
    let widths = [5, 12, 6, 3];
    let file = TempFile::new("plain", &model(&widths, any));
    let device = OnnxDevice::load(&file.0).unwrap();
    assert!(device.unit_is_named());
    let volts = rows_v(20, 5);
    let mut out = [0.0; 3 * 20];
    device.currents_na(&volts, &mut out);
    for (row, currents) in volts.chunks_exact(5).zip(out.chunks_exact(3)) {
        let mut x = row.to_vec();
        for (n, layer) in layers(&widths).iter().enumerate() {
            let sums = layer.weights.iter().zip(&layer.bias).map(|(w, b)| {
                w.iter().zip(&x).fold(f64::from(*b), |sum, (w, x)| sum + f64::from(*w) * x)
            });
            x = if n == 2 { sums.collect() } else { sums.map(|s| s.max(0.0)).collect() };
        }
        assert_eq!(x.len(), 3);
        assert!(currents.iter().zip(&x).all(|(i, x)| (i - x).abs() < 1e-5), "{currents:?} {x:?}");
    }
}

#[test]
fn jacobian_is_exact_inside_a_linear_piece() {
    for widths in [[6, 1], [6, 4]] {
        let file = TempFile::new("slope", &model(&widths, any));
        let device = OnnxDevice::load(&file.0).unwrap();
        let jacobian = device.jacobian_na_per_v(&rows_v(1, 6)).unwrap();
        let weights = layers(&widths)[0].weights.concat();
        assert_eq!(jacobian.len(), weights.len());
        for (slope, weight) in jacobian.iter().zip(weights) {
            assert!((slope - f64::from(weight)).abs() < 1e-3, "{slope} {weight}");
        }
        assert_eq!(device.jacobian_na_per_v(&[0.0; 5]), None);
    }
}

#[test]
fn jacobians_of_many_rows_are_those_of_each() {
    for outputs in [1, 3] {
        let file = TempFile::new("slopes", &model(&[6, 12, outputs], any));
        let device = OnnxDevice::load(&file.0).unwrap();
        let volts = rows_v(30, 6);
        let together = device.jacobians_na_per_v(&volts).unwrap();
        for (row, slopes) in volts.chunks_exact(6).zip(together.chunks_exact(6 * outputs)) {
            assert_eq!(device.jacobian_na_per_v(row).unwrap(), slopes);
        }
    }
}

#[test]
fn non_finite_rows_give_nan_and_leave_the_others_alone() {
    let file = TempFile::new("nan", &model(&[2, 8, 1], any));
    let device = OnnxDevice::load(&file.0).unwrap();
    let mut out = [0.0; 4];
    device.currents_na(&[0.1, 0.2, f64::NAN, 0.2, 0.1, 0.2, f64::INFINITY, 0.0], &mut out);
    assert!(out[1].is_nan() && out[3].is_nan() && out[0].is_finite());
    assert_eq!(out[0].to_bits(), out[2].to_bits());
    let file = TempFile::new("nan-of-two", &model(&[2, 8, 2], any));
    let device = OnnxDevice::load(&file.0).unwrap();
    let mut out = [0.0; 6];
    device.currents_na(&[f64::NAN, 0.2, 0.1, 0.2, 0.3], &mut out);
    let nan: Vec<bool> = out.iter().map(|current| current.is_nan()).collect();
    assert_eq!(nan, [true, true, false, false, true, true]);
}

#[test]
fn a_model_whose_current_is_not_finite_is_refused() {
    for weight in [f32::NAN, f32::INFINITY] {
        let layer = Layer { weights: vec![vec![weight, 1.0]], bias: vec![0.0] };
        let ports = (
            port("voltages_V", vec![any(), Dim::Size(2)]),
            port("current_nA", vec![any(), Dim::Size(1)]),
        );
        let text = refusal("not-finite", &network(&[ports.0], &[ports.1], &[layer], false));
        assert!(text.contains("its current is NaN at [0.00, 0.00] V"), "{text}");
    }
}

#[test]
fn an_unusable_model_is_refused_with_what_was_found_and_what_is_expected() {
    let missing = OnnxDevice::load("/nowhere/device.onnx").unwrap_err().to_string();
    assert!(missing.contains("/nowhere/device.onnx"), "{missing}");
    let text = refusal("text", b"voltages,current\n0,1\n");
    assert!(text.contains("is not an ONNX model"), "{text}");

    let wide = refusal("wide", &model(&[7, 4, 9], any));
    assert!(wide.contains("`current_nA` [n, 9], expected a float output [n, J]"), "{wide}");
    let input = [port("v", vec![any(), Dim::Size(3)])];
    let undeclared = |columns| [port("i", vec![any(), columns])];
    let wide = network(&input, &undeclared(Dim::Symbol("j")), &layers(&[3, 9]), false);
    let wide = refusal("wide-undeclared", &wide);
    assert!(wide.contains("found an output [64, 9] for 64 rows"), "{wide}");
    let other = network(&input, &undeclared(Dim::Size(2)), &layers(&[3, 4]), false);
    let other = refusal("declared-otherwise", &other);
    assert!(other.contains("found an output [64, 4] for 64 rows"), "{other}");
    let counted = network(&input, &undeclared(Dim::Symbol("j")), &layers(&[3, 4]), false);
    let counted = TempFile::new("counted", &counted);
    assert_eq!(OnnxDevice::load(&counted.0).unwrap().outputs(), 4);
    let narrow = refusal("narrow", &model(&[1, 4, 1], any));
    assert!(narrow.contains("`voltages_V` [n, 1]") && narrow.contains("K >= 2"), "{narrow}");

    let out = || port("current_nA", vec![any(), Dim::Size(1)]);
    let symbolic =
        network(&[port("v", vec![any(), Dim::Symbol("k")])], &[out()], &layers(&[3, 1]), false);
    let symbolic = refusal("symbolic", &symbolic);
    assert!(symbolic.contains("`v` [n, k]"), "{symbolic}");
    let input = |name| port(name, vec![any(), Dim::Size(3)]);
    let two =
        refusal("two", &network(&[input("v"), input("w")], &[out()], &layers(&[3, 1]), false));
    assert!(two.contains("2 inputs"), "{two}");
    let integer = Port { element_type: 7, ..input("v") };
    let integer = refusal("integer", &network(&[integer], &[out()], &layers(&[3, 1]), false));
    assert!(integer.contains("`v` that is not float"), "{integer}");
}

/// The measured surrogate.
fn measured() -> OnnxDevice {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/devices/rnpu_measured.onnx");
    OnnxDevice::load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[needs(surrogate)]
#[test]
fn measured_surrogate_gives_its_reference_currents() {
    let device = measured();
    assert_eq!((device.electrodes(), device.rows_at_once()), (7, TILE_ROWS));
    assert!(device.unit_is_named());
    let mut out = [0.0; 2];
    let row = [-0.9, 0.3, -0.3, -0.2, 0.1, 0.0, 0.05];
    device.currents_na(&[[0.0; 7], row].concat(), &mut out);
    assert!((out[0] - -0.06211519).abs() < 2e-5, "{}", out[0]);
    assert!((out[1] - -0.05728829).abs() < 2e-5, "{}", out[1]);
}

#[needs(surrogate)]
#[test]
fn measured_surrogate_has_the_same_bits_in_every_batch() {
    let device = measured();
    assert_rows_have_the_same_bits_in_every_batch(&device);
}
