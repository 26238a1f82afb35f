//! Errors of experiment files that need cases or a plan: each is told with its place, its key and its reason.

use crate::experiment::{Job, Source};

/// Two cases of two inputs, then what belongs to them.
fn cases(of_first: &str, of_second: &str) -> String {
    format!(
        "[[case]]\ninputs_v = [0.0, 0.1]\n{of_first}\n[[case]]\ninputs_v = [0.1, 0.0]\n{of_second}\n"
    )
}

fn message(text: &str) -> String {
    let read = Source::parse("x.toml", text.to_owned());
    let job = read.and_then(|(experiment, source)| Job::new(experiment, &source));
    job.map_or_else(|error| error.to_string(), |_| "no error".into())
}

fn data_section(file: &str, keys: &str) -> String {
    format!("[data]\nfile = \"{file}\"\n{keys}\n")
}

/// Fails unless every text is refused in its line, with these words.
fn refused(texts: &[(&str, u32, &str)]) {
    let mut wrong = String::new();
    for (text, line, words) in texts {
        let message = message(text);
        let is_placed = *line == 0 || message.starts_with(&format!("x.toml:{line}:"));
        if !is_placed || !message.contains(words) {
            wrong += &format!("{text:?}, line {line}, {words}:\n    {message}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn wrong_cases_are_told_with_their_line() {
    let both = cases("high = true\nclass = 0", "high = false");
    let mixed = cases("high = true", "class = 1");
    let lists = cases("high = [true, false]", "high = true");
    let outputs = cases("high = [true, false]", "high = [false, true]");
    let weights = cases("target_na = 1.0\nweight = [1.0, 2.0]", "target_na = 2.0");
    let weighed = cases("high = true\nweight = 2.0", "high = false");
    let negative = cases("target_na = 1.0\nweight = -1.0", "target_na = 2.0");
    let far = cases("target_na = 1.0", "target_na = 101.0");
    let with_gate = format!("gate = \"xor\"\n{}", cases("high = true", "high = false"));
    let accurate = format!("accuracy = 0.9\n{}", cases("target_na = 1.0", "target_na = 2.0"));
    refused(&[
        ("seed = 2\n", 0, "nothing to learn: give gate = \"xor\", case tables or a data section"),
        (&with_gate, 1, "more than one of gate, case tables and data are given: keep one"),
        ("gate = \"xor\"\n[electrodes]\ninputs = [1]\n", 3, "a gate has two inputs, but electrodes.inputs names 1"),
        ("[[case]]\ninputs_v = [0.0]\nhigh = true\n", 2, "case 0 has 1 voltages for 2 inputs: give one for each"),
        (&both, 1, "case 0: give one of high, class and target_na, the same one in all cases"),
        (&mixed, 4, "case 1: give one of high, class and target_na, the same one in all cases"),
        (&lists, 6, "case 1 has 1 values of high, case 0 2: give one for every output in each case"),
        (&outputs, 0, "the cases have 2 outputs, but the instrument 1 inputs: set instrument.inputs = 2"),
        (&weights, 4, "case 0 has 2 values of weight for 1 outputs: give one, or one for every output"),
        (&weighed, 4, "a weight is that of the squared error from target_na"),
        (&negative, 4, "case weight is -1: it must be zero or more and finite"),
        (&far, 6, "target_na of 101 nA cannot be measured: the range of the chain is +-100 nA"),
        (&accurate, 1, "accuracy is the share of right labels or classes, but the cases have target currents"),
        (
            "[[case]]\ninputs_v = [0.0, 0.1]\nhigh = true\n[[case]]\ninputs_v = [0.0, 0.1]\nhigh = false\n",
            4,
            "case 1 has the inputs of case 0 but another label or target",
        ),
    ]);
}

#[test]
fn wrong_data_sections_are_told_with_their_line() {
    let data = |keys: &str| data_section("data.txt", keys);
    let (nothing, none) = (data("inputs = [\"a\", \"b\"]"), data("inputs = []\nhigh = [\"c\"]"));
    let two = data("inputs = [\"a\", \"b\"]\nhigh = [\"c\"]\nclass = \"c\"");
    let kind = data("inputs = [\"a\", \"b\"]\nhigh = [\"c\"]");
    refused(&[
        (&nothing, 0, "give one of data.high, data.class and data.target_na"),
        (&none, 3, "data.inputs names no column: name one or more"),
        (&two, 4, "give one of data.high, data.class and data.target_na"),
        (&kind, 2, "data.txt is neither a .csv nor a .npz file: convert it"),
    ]);
}

#[test]
fn a_column_that_is_not_in_the_file_is_told_at_the_key_that_names_it() {
    let path = std::env::temp_dir().join(format!("hge-refusals-{}.csv", std::process::id()));
    std::fs::write(&path, "a,b,c,w\n0,0,1,1\n0,0.1,2,1\n").unwrap();
    let data = |keys: &str| data_section(&path.display().to_string(), keys);
    let inputs = data("inputs = [\"a\", \"x\"]\ntarget_na = [\"c\"]\nweight = [\"w\"]");
    let target = data("inputs = [\"a\", \"b\"]\ntarget_na = [\"x\"]\nweight = [\"w\"]");
    let weight = data("inputs = [\"a\", \"b\"]\ntarget_na = [\"c\"]\nweight = [\"x\"]");
    refused(&[
        (&inputs, 3, "has no column \"x\": choose from a, b, c, w"),
        (&target, 4, "has no column \"x\""),
        (&weight, 5, "has no column \"x\""),
    ]);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn what_no_plan_can_do_is_told_at_its_key() {
    let xor = |keys: &str| format!("gate = \"xor\"\n{keys}\n");
    let tones = |keys: &str| xor(&format!("[tones]\n{keys}"));
    let electrodes = |keys: &str| xor(&format!("[electrodes]\n{keys}"));
    let (fast, window) = (xor("[timing]\nrate_hz = 1e6"), xor("[timing]\nwindow_samples = 100"));
    let settle = xor("[timing]\nsettle_s = 1e6");
    let continuous = xor("[timing]\ncontinuous = true");
    let collide = tones("frequencies_hz = [156.25, 312.5, 390.625, 449.21875, 488.28125]");
    let narrow = tones("band_hz = [150.0, 160.0]");
    let (loud, loud_one) =
        (tones("amplitude_v = 5.0"), tones("amplitudes_v = [0.03, 0.03, 5.0, 0.03, 0.03]"));
    let (input_low, input_high) =
        (electrodes("input_low_v = -3.0"), electrodes("input_high_v = 3.0"));
    let control_low = electrodes("control_low_v = [-1.2, -1.2, -1.2, -3.0, -0.7]");
    let control_high = electrodes("control_high_v = [0.6, 0.6, 0.6, 0.3, 3.0]");
    let guard_low = xor("[guard]\nlow_v = -3.0");
    let guard_high = xor("[guard]\nhigh_v = 3.0");
    let step = xor("[guard]\nstep_v = 1e-9");
    let current = xor("[guard]\novercurrent_na = 1e6");
    let slots = xor("[instrument]\nslots = 2");
    let (few, fewer) = (xor("[instrument]\noutputs = 4"), xor("[instrument]\noutputs = 2"));
    let bits = xor("[instrument]\ndac_bits = 40");
    let case = cases("high = true", "high = false").replacen("[0.1, 0.0]", "[0.1, 3.0]", 1);
    refused(&[
        (&fast, 3, "a sample rate of 1000000 Hz is out of reach: a clock of 24000000 Hz gives"),
        (&window, 3, "timing.window_samples"),
        (&settle, 3, "settle_s of 1000000 is not possible: choose a value from 0 to 100"),
        (&continuous, 3, "timing.continuous"),
        (&collide, 3, "tones collide: twice 156.25 Hz falls on 312.5 Hz, move one of them"),
        (&narrow, 3, "no 5 tones without second-order collisions fit between 150 Hz and 160 Hz"),
        (&loud, 3, "tones.amplitude_v"),
        (&loud_one, 3, "tones.amplitudes_v"),
        (&input_low, 3, "electrodes.input_low_v"),
        (&input_high, 3, "electrodes.input_high_v"),
        (&control_low, 3, "electrodes.control_low_v: electrode 5 cannot be set to -3 V"),
        (&control_high, 3, "electrodes.control_high_v: electrode 6 cannot be set to 3 V"),
        (&guard_low, 3, "guard.low_v"),
        (&guard_high, 3, "guard.high_v"),
        (&step, 3, "V a sample but step_v allows 1e-9 V: lower ramp_v_per_s, or raise step_v"),
        (&current, 3, "guard.overcurrent_na"),
        (&slots, 0, "5 frequencies are to be demodulated, but this gateware has 2 slots"),
        (&few, 0, "electrodes.controls"),
        (&fewer, 0, "electrodes.inputs"),
        (&bits, 3, "dac_bits is 40, but must lie from 8 to 16: choose a value in that range"),
        (&case, 5, "case.inputs_v: electrode 2 cannot be set to 3 V: the DAC's limits are"),
    ]);
}
