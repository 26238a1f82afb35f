//! Symbols of circuits.

use super::canvas::{Anchor, At, Canvas, Ink};

/// Half the length of a resistor.
const HALF: i32 = 22;

/// Half the height of an operational amplifier, and its length.
const AMPLIFIER: (i32, i32) = (40, 70);

/// Direction of an amplifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// To the left.
    Left,
    /// To the right.
    Right,
}

/// A resistor along a horizontal wire from `from` to `to` at `y`, its value above it.
pub fn resistor(canvas: &mut Canvas, (from, to): (i32, i32), y: i32, value: &str) {
    let middle = (from + to) / 2;
    canvas.line(Ink::Analogue, &[(from, y), (to, y)]);
    canvas.white((middle - HALF, y - 8), (2 * HALF, 16));
    canvas.label(Anchor::Middle, (middle, y - 14), value);
}

/// A resistor along a vertical wire from `from` to `to` at `x`, its value at its right.
pub fn standing_resistor(canvas: &mut Canvas, x: i32, (from, to): (i32, i32), value: &str) {
    let middle = (from + to) / 2;
    canvas.line(Ink::Analogue, &[(x, from), (x, to)]);
    canvas.white((x - 8, middle - HALF), (16, 2 * HALF));
    canvas.label(Anchor::Start, (x + 14, middle + 5), value);
}

/// A capacitor along a horizontal wire, its value above it.
pub fn capacitor(canvas: &mut Canvas, (from, to): (i32, i32), y: i32, value: &str) {
    let middle = (from + to) / 2;
    canvas.line(Ink::Analogue, &[(from, y), (middle - 4, y)]);
    canvas.line(Ink::Analogue, &[(middle + 4, y), (to, y)]);
    for x in [middle - 4, middle + 4] {
        canvas.line(Ink::Frame, &[(x, y - 11), (x, y + 11)]);
    }
    canvas.label(Anchor::Middle, (middle, y - 16), value);
}

/// Ground, below a point.
pub fn ground(canvas: &mut Canvas, (x, y): At) {
    canvas.line(Ink::Supply, &[(x, y), (x, y + 8)]);
    for (half, down) in [(12, 8), (7, 13), (2, 18)] {
        canvas.line(Ink::Supply, &[(x - half, y + down), (x + half, y + down)]);
    }
}

/// An operational amplifier with its tip at `tip`; the upper input is marked `upper`, the lower one the other. Gives the inputs.
pub fn amplifier(canvas: &mut Canvas, tip: At, towards: Towards, upper: char) -> (At, At) {
    let (half, length) = AMPLIFIER;
    let (base, inside) = match towards {
        Towards::Left => (tip.0 + length, -12),
        Towards::Right => (tip.0 - length, 12),
    };
    canvas.triangle([tip, (base, tip.1 - half), (base, tip.1 + half)]);
    let lower = if upper == '+' { '−' } else { '+' };
    for (sign, down) in [(upper, -20), (lower, 20)] {
        canvas.label(Anchor::Middle, (base + inside, tip.1 + down + 5), &sign.to_string());
    }
    ((base, tip.1 - 20), (base, tip.1 + 20))
}
