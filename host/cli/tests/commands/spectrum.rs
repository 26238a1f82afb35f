//! Spectra of currents that are known.

use crate::program::{hge, json, refusal, TestFile};
use hge_sim::bench::{Chain, Flicker};
use ndarray::arr1;
use ndarray_npy::{NpzWriter, WriteNpyExt};
use serde_json::Value;

fn values(found: &Value, key: &str) -> Vec<f64> {
    let array = found[key].as_array().unwrap_or_else(|| panic!("no {key}: {found}"));
    array.iter().map(|value| value.as_f64().unwrap()).collect()
}

fn line<'a>(found: &'a Value, label: &str) -> &'a Value {
    let mut lines = found["lines"].as_array().unwrap().iter();
    let line = lines.find(|line| line["label"] == label);
    line.unwrap_or_else(|| panic!("no {label}: {}", found["lines"]))
}

fn amplitude_na(found: &Value, label: &str) -> f64 {
    line(found, label)["amplitude_na"].as_f64().unwrap()
}

/// Mean density of a band, with its standard error for noise.
fn band_na2_per_hz(found: &Value, low_hz: f64, high_hz: f64) -> (f64, f64) {
    let places = values(found, "frequencies_hz");
    let density = values(found, "density_a_per_rt_hz");
    let inside: Vec<f64> = places
        .iter()
        .zip(density)
        .filter(|(&hz, _)| (low_hz..=high_hz).contains(&hz))
        .map(|(_, density)| (density * 1e9).powi(2))
        .collect();
    let mean = inside.iter().sum::<f64>() / inside.len() as f64;
    let segments = found["segments"].as_f64().unwrap();
    // Neighbouring lines share half of what they know under a Hann window.
    (mean, mean * (1.9 / (segments * inside.len() as f64)).sqrt())
}

#[test]
fn the_white_noise_of_the_bench_is_the_floor() {
    let found = json(&["spectrum", "--samples", "65536"]);
    let floor = found["floor_a_per_rt_hz"].as_f64().unwrap();
    let wanted = 2.5e-4_f64.sqrt() * 1e-9;
    assert!((floor / wanted - 1.0).abs() < 0.02, "{floor:e}");
    assert_eq!(found["lines"].as_array().unwrap().len(), 0, "{}", found["lines"]);
    assert_eq!((&found["sfdr_db"], &found["clipped"]), (&Value::Null, &false.into()));
}

#[test]
fn flicker_hum_and_pole_are_those_of_the_bench_s_closed_forms() {
    let file = TestFile::with(
        "spectrum.toml",
        "gate = \"xor\"\n[bench]\nflicker_na2_per_hz_at_1khz = 2e-5\nflicker_lowest_hz = 0.1\n\
         iv_pole_hz = 800.0\nhum_na = 0.5\nhum_harmonics = [0.0, 0.4]\n\
         [timing]\nwindow_samples = 2048\n",
    );
    let found = json(&["spectrum", "--experiment", file.path(), "--samples", "262144"]);
    let chain = Chain {
        iv_pole_hz: Some(800.0),
        flicker_na2_per_hz_at_1khz: 2e-5,
        flicker_lowest_hz: 0.1,
        ..Chain::default()
    };
    let rate_hz = 5000.0;
    let gain = |hz: f64| chain.response(1.0, 0, hz, rate_hz).gain();
    let density = |hz: f64| {
        let flicker = Flicker::density_na2_per_hz(2e-5, 0.1, rate_hz, hz);
        (2.5e-4 + flicker) * gain(hz).powi(2)
    };
    for (low_hz, high_hz) in [(3.0, 10.0), (15.0, 40.0), (200.0, 600.0), (2000.0, 2400.0)] {
        let (mean, error) = band_na2_per_hz(&found, low_hz, high_hz);
        let steps = 1000;
        let places = (0..steps).map(|n| low_hz + (high_hz - low_hz) * f64::from(n) / 1000.0);
        let wanted = places.map(density).sum::<f64>() / f64::from(steps);
        assert!((mean - wanted).abs() < 5.0 * error, "{low_hz}: {mean:e} +- {error:e}, {wanted:e}");
        // The bands lie far enough apart in density to be told apart.
        assert!(error < 0.1 * mean, "{low_hz}: {error:e} of {mean:e}");
    }
    for (label, share, hz) in [("mains", 1.0, 50.0), ("3 mains", 0.4, 150.0)] {
        let wanted = 0.5 * share * gain(hz);
        let off = amplitude_na(&found, label) / wanted - 1.0;
        assert!(off.abs() < 0.03, "{label}: {off}");
        let place = line(&found, label)["frequency_hz"].as_f64().unwrap();
        assert!((place - hz).abs() < 0.1, "{label}: {place}");
    }
    assert_eq!(found["lines"].as_array().unwrap().len(), 2, "{}", found["lines"]);
}

#[test]
fn a_tone_s_line_is_the_device_s_slope_times_its_amplitude_and_nothing_else_is_there() {
    let slopes = [10.0, 0.0, 0.0, -8.0, 15.0, 6.0, 20.0];
    let device = "linear:10,0,0,-8,15,6,20";
    for loops in ["host", "standalone"] {
        let text = format!("gate = \"xor\"\nloop = \"{loops}\"\ndevice = \"{device}\"\n");
        let file = TestFile::with(&format!("tones-{loops}.toml"), &text);
        let found = json(&["spectrum", "--tones", "--case", "2", "--experiment", file.path()]);
        for (tone, electrode) in [0, 3, 4, 5, 6].into_iter().enumerate() {
            let label = format!("f{}", tone + 1);
            let wanted = 0.03 * f64::abs(slopes[electrode]);
            let found_na = amplitude_na(&found, &label);
            // White noise of 2.5e-4 nA^2/Hz in five lines: 0.009 nA.
            assert!((found_na - wanted).abs() < 0.06, "{loops} {label}: {found_na}, {wanted}");
            let off_hz = line(&found, &label)["frequency_hz"].as_f64().unwrap()
                - values(&found, "tones_hz")[tone];
            assert!(off_hz.abs() < 0.2, "{label}: {off_hz}");
        }
        let others =
            found["lines"].as_array().unwrap().iter().filter(|line| line["kind"] != "tone");
        assert_eq!(others.count(), 0, "{}", found["lines"]);
        let floor = found["floor_na_per_rt_hz"].as_f64().unwrap();
        assert!((floor / 2.5e-4_f64.sqrt() - 1.0).abs() < 0.03, "{floor}");
    }
}

#[test]
fn a_capture_keeps_its_rate_whatever_its_decimation() {
    let text = "gate = \"xor\"\n[bench]\nhum_na = 0.5\n[timing]\nwindow_samples = 2048\n";
    let experiment = TestFile::with("hum.toml", text);
    let file = TestFile::new("hum.npz");
    for decimation in ["1", "5"] {
        let capture =
            ["capture", "--samples", "8192", "--decimation", decimation, "-o", file.path()];
        json(&[&capture[..], &["--experiment", experiment.path()]].concat());
        // The experiment of the spectrum has another rate, and is not asked for it.
        let found = json(&["spectrum", file.path(), "--mains", "50"]);
        let hz = line(&found, "mains")["frequency_hz"].as_f64().unwrap();
        assert!((hz - 50.0).abs() < 0.5, "{decimation}: {hz} Hz");
        let rate_hz = 5000.0 / decimation.parse::<f64>().unwrap();
        assert_eq!(found["rate_hz"].as_f64(), Some(rate_hz));
    }
    let message = refusal(&["spectrum", file.path(), "--rate", "5000"]);
    assert!(message.contains("contains its sample rate: leave out --rate"), "{message}");
    let other = TestFile::new("codes.txt");
    let message = refusal(&["capture", "--samples", "5", "-o", other.path()]);
    assert!(message.contains("name it .npz, or .npy for the codes without the rate"), "{message}");
}

/// A sine of 2 nA at 100 Hz on noise that no dice threw, at 4000 Hz.
fn sine_na() -> Vec<f64> {
    let noise = |n: u32| f64::from(n.wrapping_mul(2_654_435_761).rotate_left(13) % 1000) - 499.5;
    (0..8192_u32)
        .map(|n| 2.0 * (std::f64::consts::TAU * f64::from(n) / 40.0).sin() + 1e-5 * noise(n))
        .collect()
}

#[test]
fn files_and_folders_of_runs_give_the_spectrum_of_what_they_hold() {
    let npy = TestFile::new("row.npy");
    let write = |bytes: &[u8]| std::fs::write(npy.path(), bytes).unwrap();
    let bytes = |values: &[f64]| {
        let mut bytes = Vec::new();
        arr1(values).write_npy(&mut bytes).unwrap();
        bytes
    };
    write(&bytes(&sine_na()));
    let with = |more: &[&str]| json(&[&["spectrum", npy.path()], more].concat());
    let of_tone = with(&["--rate", "4000", "--tones-hz", "100"]);
    assert!((amplitude_na(&of_tone, "f1") - 2.0).abs() < 1e-3);
    let amperes: Vec<f64> = sine_na().iter().map(|value| value * 1e-9).collect();
    write(&bytes(&amperes));
    let found = with(&["--rate", "4000", "--unit", "a", "--mains", "50"]);
    assert!((amplitude_na(&found, "2 mains") - 2.0).abs() < 1e-3);
    // Codes: 327.68 a nanoampere with the default ranges and gain.
    let mut codes = Vec::new();
    let of_codes =
        sine_na().iter().map(|value| (value * -327.68).round() as i16).collect::<Vec<_>>();
    arr1(&of_codes).write_npy(&mut codes).unwrap();
    write(&codes);
    assert!(refusal(&["spectrum", npy.path()]).contains("add --rate HZ, or capture to a .npz"));
    let found = with(&["--segment", "1000", "--rate", "5000"]);
    assert_eq!((&found["rate_hz"], &found["segment_samples"]), (&5000.0.into(), &1000.into()));
    assert!((amplitude_na(&found, "unknown") - 2.0).abs() < 0.01, "{}", found["lines"]);
    let folder = TestFolder::new("run");
    let file = std::fs::File::create(folder.0.join("data.npz")).unwrap();
    let mut writer = NpzWriter::new(file);
    writer.add_array("spectrum_na", &arr1(&sine_na())).unwrap();
    writer.add_array("spectrum_rate_hz", &arr1(&[4000.0])).unwrap();
    writer.add_array("tones_hz", &arr1(&[100.0, 330.0])).unwrap();
    writer.finish().unwrap();
    let found = json(&["spectrum", folder.0.to_str().unwrap()]);
    assert!((amplitude_na(&found, "f1") - 2.0).abs() < 1e-3);
    assert_eq!(found["unseen"], serde_json::json!(["f2"]));
    assert_eq!(found["density_a_per_rt_hz"], of_tone["density_a_per_rt_hz"]);
}

struct TestFolder(std::path::PathBuf);

impl TestFolder {
    fn new(name: &str) -> Self {
        let name = format!("hge-spectrum-{}-{name}", std::process::id());
        let folder = TestFolder(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).unwrap();
        folder
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn pictures_and_arrays_are_written_where_asked_and_a_pipe_gets_no_colours() {
    let folder = TestFolder::new("pictures");
    let base = folder.0.join("current.v2");
    let output = hge(&["spectrum", "--samples", "4096", "-o", base.to_str().unwrap()]);
    assert!(output.status.success());
    let named = |name: &str| std::fs::read(folder.0.join(name)).unwrap_or_default();
    assert!(named("current.v2.svg").starts_with(b"<svg"));
    assert!(named("current.v2.png").starts_with(b"\x89PNG"));
    let arrays = folder.0.join("b.npz");
    let output = hge(&["spectrum", "--samples", "4096", "-o", arrays.to_str().unwrap()]);
    assert!(output.status.success() && !named("b.svg").is_empty());
    let mut reader = ndarray_npy::NpzReader::new(std::fs::File::open(&arrays).unwrap()).unwrap();
    let density: ndarray::Array1<f64> = reader.by_name("density_a_per_rt_hz").unwrap();
    assert_eq!(density.len(), 257);
    let output = hge(&["spectrum", "--samples", "4096"]);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("A/√Hz") && !page.contains('\x1b'), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 120), "{page}");
}

#[test]
fn what_is_no_spectrum_is_refused_in_one_sentence() {
    let file = |name: &str, bytes: &[u8]| {
        let file = TestFile::new(name);
        std::fs::write(file.path(), bytes).unwrap();
        file
    };
    let mut row = Vec::new();
    arr1(&sine_na()).write_npy(&mut row).unwrap();
    let mut holed = sine_na();
    holed[5] = f64::NAN;
    let mut of_holed = Vec::new();
    arr1(&holed).write_npy(&mut of_holed).unwrap();
    let mut table = Vec::new();
    ndarray::Array2::<f64>::zeros((10, 10)).write_npy(&mut table).unwrap();
    let mut few = Vec::new();
    arr1(&[1.0; 10]).write_npy(&mut few).unwrap();
    for (name, bytes, expected) in [
        ("empty.npy", &[][..], "it is not a NumPy array"),
        ("text.npy", b"not an array", "it is not a NumPy array"),
        ("cut.npy", &row[..1000], "it ends after 109 of 8192 numbers"),
        ("holed.npy", &of_holed, "sample 5 is NaN"),
        ("table.npy", &table, "its shape is (10, 10)"),
        ("few.npy", &few, "10 contiguous samples are too few"),
    ] {
        let file = file(name, bytes);
        let message = refusal(&["spectrum", file.path(), "--rate", "4000"]);
        assert!(message.contains(expected) && message.contains(name), "{name}: {message}");
    }
    let whole = file("whole.npy", &row);
    assert!(refusal(&["spectrum", whole.path()]).contains("add --rate HZ"));
    let message = refusal(&["spectrum", whole.path(), "--rate", "0"]);
    assert!(message.contains(" 0 Hz is not possible"), "{message}");
    let folder = TestFolder::new("refused");
    let place = folder.0.to_str().unwrap();
    assert!(refusal(&["spectrum", place]).contains("data.npz cannot be read"));
    std::fs::write(folder.0.join("data.npz"), b"PK").unwrap();
    assert!(refusal(&["spectrum", place]).contains("not an archive of arrays"));
    assert!(refusal(&["spectrum", "nowhere.npy", "--rate", "1"]).contains("it cannot be read"));
    assert!(refusal(&["spectrum", "--tones", "--case", "4"]).contains("there is no case 4"));
    assert!(refusal(&["spectrum", "--samples", "20"]).contains("20 contiguous samples"));
}
