use super::*;
use crate::device::{HoppingDevice, LinearDevice, PolynomialDevice};

fn member(device: &str) -> MemberKeys {
    MemberKeys {
        device: device.into(),
        lines: Vec::new(),
        wires: Vec::new(),
        outputs: None,
        joins: None,
    }
}

fn wire(electrode: usize, from: usize) -> WireKeys {
    WireKeys {
        electrode,
        from,
        output: 0,
        gain_v_per_na: 0.1,
        offset_v: 0.2,
        range_v: [-2.0, 2.0],
        pole_hz: None,
        delay_s: 0.0,
    }
}

/// `a` and `b` on two shared lines and a control each drive two electrodes of the third, which has one control.
fn triangle() -> Vec<MemberKeys> {
    let first = MemberKeys { lines: vec![0, 1], ..member("linear:1,2,4") };
    let second = MemberKeys { lines: vec![2, 0], ..member("linear:-3,5,1") };
    let third = MemberKeys { wires: vec![wire(0, 0), wire(2, 1)], ..member("linear:10,7,-20") };
    vec![first, second, third]
}

#[test]
fn currents_and_slopes_of_linear_devices_are_those_by_hand() {
    let network = Network::of(&triangle()).unwrap();
    // Two lines, then the free electrode of each device in order.
    assert_eq!((network.electrodes(), network.outputs()), (5, 1));
    let volts = [0.3, -0.2, 0.5, 0.4, -0.6];
    let mut out = [0.0];
    network.currents_na(&volts, &mut out);
    let first = 0.3 + 2.0 * -0.2 + 4.0 * 0.5;
    // Electrode 2 of the second is on line 0, electrode 0 on line 1, electrode 1 is free.
    let second = -3.0 * -0.2 + 5.0 * 0.4 + 1.0 * 0.3;
    let by_hand = 10.0 * (0.2 + 0.1 * first) + 7.0 * -0.6 - 20.0 * (0.2 + 0.1 * second);
    assert!((out[0] - by_hand).abs() < 1e-12, "{} {by_hand}", out[0]);
    let slopes = network.jacobian_na_per_v(&volts).unwrap();
    let by_hand = [1.0 - 2.0, 2.0 + 6.0, 4.0, -10.0, 7.0];
    for (slope, by_hand) in slopes.iter().zip(by_hand) {
        assert!((slope - by_hand).abs() < 1e-12, "{slopes:?}");
    }
}

/// Two devices on one line, the second and a third of which flow into the converter of the first; the third is driven by the first.
#[test]
fn currents_and_slopes_of_joined_devices_add_up_also_over_time() {
    let lined = |device| MemberKeys { lines: vec![0], ..member(device) };
    let mut first = lined("linear:2,3");
    first.outputs = Some(vec![0]);
    let second = MemberKeys { joins: Some(0), ..lined("linear:5,-1") };
    let slow = WireKeys { pole_hz: Some(500.0), ..wire(0, 0) };
    let third = MemberKeys { wires: vec![slow], joins: Some(1), ..member("linear:10,7") };
    let mut network = Network::of(&[first, second, third]).unwrap();
    assert_eq!((network.electrodes(), network.outputs()), (4, 1));
    let volts = [0.3, -0.2, 0.5, 0.4];
    let driving = 2.0 * 0.3 + 3.0 * -0.2;
    let by_hand = driving + 5.0 * 0.3 - 0.5 + 10.0 * (0.2 + 0.1 * driving) + 7.0 * 0.4;
    let mut out = [0.0];
    network.currents_na(&volts, &mut out);
    assert!((out[0] - by_hand).abs() < 1e-12, "{} {by_hand}", out[0]);
    let slopes = network.jacobian_na_per_v(&volts).unwrap();
    for (slope, by_hand) in slopes.iter().zip([2.0 + 5.0 + 2.0, 3.0 + 3.0, -1.0, 7.0]) {
        assert!((slope - by_hand).abs() < 1e-12, "{slopes:?}");
    }
    assert!(network.rest(10_000.0, &volts));
    network.follow_na(&volts, &mut out);
    assert!((out[0] - by_hand).abs() < 1e-12, "{} {by_hand}", out[0]);
}

#[test]
fn slopes_by_the_chain_rule_agree_with_differences_on_curved_devices() {
    let hopping = |seed| Box::new(HoppingDevice::new(seed)) as Box<dyn Device>;
    let mut keys: Vec<MemberKeys> = vec![member("a"), member("b"), member("c")];
    keys[0].lines = vec![1, 2];
    keys[1].lines = vec![3, 1];
    let narrow = |electrode, from| WireKeys {
        gain_v_per_na: 0.02,
        offset_v: -0.3,
        range_v: [-1.2, 0.6],
        ..wire(electrode, from)
    };
    keys[2].wires = vec![narrow(1, 0), narrow(2, 1)];
    let network = Network::with(vec![hopping(1), hopping(2), hopping(3)], &keys).unwrap();
    assert_eq!(network.electrodes(), 2 + 5 + 5 + 5);
    let volts: Vec<f64> = (0..17).map(|k| 0.25 * (f64::from(k) * 1.7).sin() - 0.2).collect();
    let slopes = network.jacobian_na_per_v(&volts).unwrap();
    let at = |k: usize, by: f64| {
        let mut moved = volts.clone();
        moved[k] += by;
        let mut out = [0.0];
        network.currents_na(&moved, &mut out);
        out[0]
    };
    let largest = slopes.iter().fold(0.0_f64, |most, slope| most.max(slope.abs()));
    for (k, slope) in slopes.iter().enumerate() {
        let difference = (at(k, 1e-5) - at(k, -1e-5)) / 2e-5;
        assert!((slope - difference).abs() < 1e-4 * largest, "{k}: {slope} {difference}");
    }
}

#[test]
fn a_pole_and_a_delay_of_a_wire_are_those_of_the_closed_form_and_steps_back_are_exact() {
    let rate_hz = 10_000.0;
    let mut second = member("linear:10");
    second.wires = vec![WireKeys { pole_hz: Some(500.0), delay_s: 3e-4, ..wire(0, 0) }];
    let mut network = Network::of(&[member("linear:1"), second]).unwrap();
    assert!(network.rest(rate_hz, &[0.0]));
    let rows: Vec<f64> = vec![1.0; 60];
    let mut out = vec![0.0; 60];
    network.follow_na(&rows[..20], &mut out[..20]);
    network.follow_na(&rows[20..50], &mut out[20..50]);
    network.step_back();
    network.follow_na(&rows[20..60], &mut out[20..60]);
    for (n, &current_na) in out.iter().enumerate() {
        // The first sample leaves the delay after three.
        let passed = n as i32 - 3 + 1;
        let share = 1.0 - (-TAU_500 / rate_hz * f64::from(passed.max(0))).exp();
        let by_hand = 10.0 * (0.2 + 0.1 * share);
        assert!((current_na - by_hand).abs() < 1e-12, "{n}: {current_na} {by_hand}");
    }
    // Without poles and delays there is nothing to remember.
    assert!(!Network::of(&triangle()).unwrap().rest(rate_hz, &[0.0; 5]));
}

const TAU_500: f64 = std::f64::consts::TAU * 500.0;

#[test]
fn wires_and_outputs_that_lead_nowhere_are_refused_with_the_device() {
    let says = |change: &dyn Fn(&mut Vec<MemberKeys>), part: &str| {
        let mut keys = triangle();
        change(&mut keys);
        let message = Network::of(&keys).err().expect(part).to_string();
        assert!(message.contains(part), "{message}");
    };
    says(&|keys| keys[2].wires[0].from = 2, "device 2 of the network: a wire comes from device 2");
    says(&|keys| keys[2].wires[0].output = 1, "output 1 of device 0");
    says(&|keys| keys[2].wires[0].electrode = 3, "there is no electrode 3");
    says(&|keys| keys[2].wires[0].electrode = 2, "electrode 2 is driven twice");
    says(&|keys| keys[0].lines = vec![0, 0], "electrode 0 is driven twice");
    says(&|keys| keys[2].wires[1].range_v = [1.0, 1.0], "impossible value");
    says(&|keys| keys[2].wires[1].pole_hz = Some(0.0), "impossible value");
    says(&|keys| keys[1].outputs = Some(vec![1]), "there is no output 1");
    says(&|keys| keys[2].outputs = Some(Vec::new()), "the network has 0 outputs");
    says(&|keys| keys[2].joins = Some(2), "it joins device 2");
    says(&|keys| keys[2].joins = Some(0), "it joins device 0");
    says(&|keys| keys[1].device = "network:[]".into(), "no part of a network");
    assert!(Network::of(&[]).is_err());
    let spec = spec(&triangle()).unwrap();
    assert_eq!(crate::device::open(&spec).unwrap().electrodes(), 5);
    assert!(crate::device::open("network:[{}]").is_err());
}

#[test]
fn an_amplifier_at_the_end_of_its_range_passes_no_slope() {
    let first = Box::new(LinearDevice::new(0.0, vec![100.0]).unwrap()) as Box<dyn Device>;
    let second = Box::new(PolynomialDevice::new(0.0, vec![3.0], vec![], vec![]).unwrap());
    let mut keys = vec![member("a"), member("b")];
    keys[1].wires = vec![wire(0, 0)];
    let network = Network::with(vec![first, second], &keys).unwrap();
    let mut out = [0.0];
    network.currents_na(&[1.0], &mut out);
    assert!((out[0] - 6.0).abs() < 1e-12, "{}", out[0]);
    assert_eq!(network.jacobian_na_per_v(&[1.0]).unwrap(), [0.0]);
}
