//! The analogue side: level shift, switch, device, I-V converter, and the stage before the ADC. Signals run to the right above
//! and back to the left below.

use super::canvas::{Anchor, Canvas, Ink};
use super::digital::{ADC_INPUT_Y, BOTTOM, DAC_OUTPUT_Y, MODULE_RIGHT, OUTPUT_ENABLE_Y};
use super::symbols::{amplifier, capacitor, ground, resistor, standing_resistor, Towards};

const SHIFT_X: i32 = 975;
const SHIFT_WIDTH: i32 = 255;
const SWITCH_X: i32 = 1310;
const SWITCH_WIDTH: i32 = 190;
const DEVICE_X: i32 = 1570;
const DEVICE_WIDTH: i32 = 130;
const TOP_Y: i32 = 45;
const HEIGHT: i32 = 260;

/// Draws all of it.
pub fn draw(canvas: &mut Canvas) {
    level_shift(canvas);
    switch(canvas);
    device(canvas);
    converter(canvas);
    adc_stage(canvas);
    legend(canvas);
}

fn legend(canvas: &mut Canvas) {
    let mut x = MODULE_RIGHT;
    for (ink, text, width) in [
        (Ink::Logic, "logic, 3.3 V", 190),
        (Ink::Analogue, "analogue", 150),
        (Ink::Supply, "supply; all grounds meet at the I-V converter", 0),
    ] {
        canvas.line(ink, &[(x, BOTTOM - 20), (x + 40, BOTTOM - 20)]);
        canvas.label(Anchor::Start, (x + 50, BOTTOM - 15), text);
        x += width;
    }
}

fn level_shift(canvas: &mut Canvas) {
    let (x, right, y) = (SHIFT_X, SHIFT_X + SHIFT_WIDTH, DAC_OUTPUT_Y);
    canvas.block((x, TOP_Y), (SHIFT_WIDTH, HEIGHT), &["Level shift"], "one of 8, supply ±5 V");
    canvas.line(Ink::Analogue, &[(MODULE_RIGHT, y), (x + 20, y)]);
    canvas.label(Anchor::Middle, ((MODULE_RIGHT + x) / 2, y - 10), "8");
    canvas.line(Ink::Analogue, &[(MODULE_RIGHT + 40, y + 8), (MODULE_RIGHT + 56, y - 8)]);
    let (inverting, direct) = amplifier(canvas, (right - 45, y - 20), Towards::Right, '−');
    let node = x + 120;
    resistor(canvas, (x + 20, node), y, "");
    canvas.label(Anchor::Middle, (x + 60, y + 26), "10 kΩ");
    canvas.line(Ink::Analogue, &[(node, y), direct]);
    canvas.dot((node, y));
    standing_resistor(canvas, node, (y, y + 66), "16 kΩ");
    ground(canvas, (node, y + 66));
    // The reference, into the inverting input.
    resistor(canvas, (x + 20, node), inverting.1, "10 kΩ");
    canvas.ring((x + 20, inverting.1));
    canvas.label(Anchor::Start, (x + 8, inverting.1 - 32), "1.25 V");
    canvas.line(Ink::Analogue, &[(x + 20, inverting.1 - 26), (x + 20, inverting.1 - 4)]);
    canvas.line(Ink::Analogue, &[(node, inverting.1), inverting]);
    canvas.dot((node, inverting.1));
    let feedback = inverting.1 - 34;
    canvas.line(Ink::Analogue, &[(node, inverting.1), (node, feedback)]);
    resistor(canvas, (node, right - 25), feedback, "16 kΩ");
    canvas.line(Ink::Analogue, &[(right - 25, feedback), (right - 25, y - 20)]);
    canvas.line(Ink::Analogue, &[(right - 45, y - 20), (SWITCH_X, y - 20)]);
    canvas.dot((right - 25, y - 20));
    canvas.label(Anchor::Middle, ((right + SWITCH_X) / 2, y - 34), "±2.0 V");
}

fn switch(canvas: &mut Canvas) {
    let (x, y) = (SWITCH_X, DAC_OUTPUT_Y - 20);
    canvas.block((x, TOP_Y), (SWITCH_WIDTH, HEIGHT), &["Output switch"], "one of 8, drawn open");
    let (upper, lower, pole) = ((x + 49, y), (x + 49, y + 50), (x + 125, y + 25));
    canvas.line(Ink::Frame, &[lower, pole]);
    canvas.line(Ink::Supply, &[(lower.0 - 4, lower.1), (x + 25, lower.1)]);
    ground(canvas, (x + 25, lower.1));
    for contact in [upper, lower, pole] {
        canvas.ring(contact);
    }
    canvas.line(Ink::Analogue, &[(x, upper.1), (upper.0 - 4, upper.1)]);
    canvas.line(Ink::Analogue, &[(pole.0 + 4, pole.1), (DEVICE_X, pole.1)]);
    // The line that closes it, with its pull-down.
    let lever = (x + 90, y + 36);
    canvas.dashed(Ink::Logic, &[lever, (lever.0, TOP_Y + HEIGHT)]);
    canvas.line(Ink::Logic, &[(lever.0, TOP_Y + HEIGHT), (lever.0, OUTPUT_ENABLE_Y)]);
    canvas.line(
        Ink::Logic,
        &[(lever.0, OUTPUT_ENABLE_Y), (super::digital::BOARD_RIGHT, OUTPUT_ENABLE_Y)],
    );
    let pull_down = lever.0 - 60;
    canvas.dot((pull_down, OUTPUT_ENABLE_Y));
    standing_resistor(canvas, pull_down, (OUTPUT_ENABLE_Y, OUTPUT_ENABLE_Y + 64), "2.2 kΩ");
    ground(canvas, (pull_down, OUTPUT_ENABLE_Y + 64));
    canvas.label(
        Anchor::Middle,
        (950, OUTPUT_ENABLE_Y - 12),
        "high: electrodes at the level shift; low and before configuration: at ground",
    );
}

fn device(canvas: &mut Canvas) {
    let (x, y) = (DEVICE_X, DAC_OUTPUT_Y + 5);
    canvas.block((x, y - 80), (DEVICE_WIDTH, 150), &["Device"], "or a resistor");
    canvas.label(Anchor::Start, (x + 8, y + 5), "electrodes");
    canvas.label(Anchor::Middle, (x + DEVICE_WIDTH / 2, y + 58), "output");
}

fn converter(canvas: &mut Canvas) {
    let (x, width, top) = (SWITCH_X - 20, 250, ADC_INPUT_Y - 210);
    canvas.block((x, top), (width, 290), &["I-V converter"], "−10 MΩ · i, supply ±5 V");
    let y = ADC_INPUT_Y - 20;
    let right = x + width;
    let (inverting, direct) = amplifier(canvas, (x + 80, y), Towards::Left, '−');
    let wire = DEVICE_X + DEVICE_WIDTH / 2;
    let node = right - 55;
    canvas.line(
        Ink::Analogue,
        &[(wire, DAC_OUTPUT_Y + 75), (wire, inverting.1), (right, inverting.1), inverting],
    );
    canvas.label(Anchor::Middle, (right + 47, inverting.1 - 12), "±330 nA");
    canvas.dot((node, inverting.1));
    let (out, feedback) = (x + 50, inverting.1 - 36);
    canvas.line(Ink::Analogue, &[(node, inverting.1), (node, feedback - 48)]);
    resistor(canvas, (out, node), feedback, "10 MΩ");
    capacitor(canvas, (out, node), feedback - 48, "1 pF");
    canvas.dot((node, feedback));
    canvas.line(Ink::Analogue, &[(out, feedback - 48), (out, y)]);
    canvas.dot((out, feedback));
    canvas.dot((out, y));
    canvas.line(Ink::Supply, &[direct, (direct.0 + 25, direct.1)]);
    ground(canvas, (direct.0 + 25, direct.1));
    canvas.line(Ink::Analogue, &[(x + 80, y), (SHIFT_X + SHIFT_WIDTH, y)]);
    canvas.label(Anchor::Middle, ((x + SHIFT_X + SHIFT_WIDTH) / 2, y - 12), "±3.3 V");
}

fn adc_stage(canvas: &mut Canvas) {
    let (x, right, top) = (SHIFT_X, SHIFT_X + SHIFT_WIDTH, ADC_INPUT_Y - 210);
    canvas.block((x, top), (SHIFT_WIDTH, 290), &["ADC driver"], "supply 3.3 V and ground");
    let y = ADC_INPUT_Y - 20;
    let node = right - 100;
    resistor(canvas, (node, right), y, "10 kΩ");
    canvas.dot((node, y));
    standing_resistor(canvas, node, (y - 84, y), "10 kΩ");
    canvas.ring((node, y - 84));
    canvas.label(Anchor::End, (node - 12, y - 79), "3.3 V");
    let (direct, inverting) = amplifier(canvas, (x + 65, y + 20), Towards::Left, '+');
    canvas.line(Ink::Analogue, &[(node, y), direct]);
    let out = x + 40;
    canvas.line(
        Ink::Analogue,
        &[
            inverting,
            (inverting.0 + 15, inverting.1),
            (inverting.0 + 15, y + 74),
            (out, y + 74),
            (out, y + 20),
        ],
    );
    canvas.dot((out, y + 20));
    canvas.line(Ink::Analogue, &[(x + 65, y + 20), (MODULE_RIGHT, y + 20)]);
    canvas.label(Anchor::Middle, ((MODULE_RIGHT + x) / 2, y + 8), "0…3.3 V");
}
