//! Figures of a spectrum, for files and for a terminal.

use super::{Axis, Figure, Layer, Mark, Panel, REFERENCE};
use hge_core::spectrum::{Kind, Spectrum};
use std::fmt::Write;

/// Bins of a figure's curves: about one a pixel.
const POINTS: usize = 800;

/// Kinds in the order of the legend, each with its colour in a figure, its letter and its colour of a terminal (ANSI).
const KINDS: [(Kind, usize, char, u8); 6] = [
    (Kind::Tone, 1, 'f', 33),
    (Kind::Harmonic, 2, 'h', 32),
    (Kind::SecondOrder, 3, '2', 35),
    (Kind::ThirdOrder, 4, '3', 36),
    (Kind::Mains, 5, 'm', 34),
    (Kind::Unknown, REFERENCE, '?', 31),
];

/// Lines of text of the curve.
const ROWS: usize = 16;

/// Columns of text left of it.
const MARGIN: usize = 9;

/// Fewest columns that hold a curve and its margin.
const LEAST_COLUMNS: usize = 40;

/// Density over frequency, both logarithmic, with lines marked by kind.
pub fn figure(spectrum: &Spectrum, name: &str) -> Figure {
    let noise = spectrum.frequencies_hz.iter().copied().zip(spectrum.noise_a_per_rt_hz.clone());
    let lowest = hge_core::spectrum::LOWEST;
    let mut layers = vec![
        Layer::new("density", 0, Mark::Line, spectrum.extremes(POINTS)),
        Layer::new("noise", REFERENCE, Mark::Dashed, noise.skip(lowest)),
    ];
    for (kind, colour, _, _) in KINDS {
        let lines = spectrum.lines.iter().filter(|line| line.kind == kind);
        let at = |frequency_hz: f64| {
            let place = (frequency_hz / spectrum.line_hz).round() as usize;
            let last = spectrum.density_a_per_rt_hz.len() - 1;
            (frequency_hz, spectrum.density_a_per_rt_hz[place.min(last)])
        };
        let dots: Vec<(f64, f64)> = lines.map(|line| at(line.frequency_hz)).collect();
        if !dots.is_empty() {
            layers.push(Layer::new(kind.name(), colour, Mark::Dots(4), dots));
        }
    }
    let panel = Panel {
        title: "Density of the current".into(),
        x: Axis::logarithmic("frequency, Hz"),
        y: Axis::logarithmic("density, A/√Hz"),
        layers,
    };
    Figure { name: name.into(), columns: 1, panels: vec![panel] }
}

/// The spectrum in Braille characters, `columns` wide, with a letter below each line; `is_coloured`: with terminal colours.
pub fn text(spectrum: &Spectrum, columns: usize, is_coloured: bool) -> String {
    let width = columns.max(LEAST_COLUMNS) - MARGIN - 1;
    let thinned = spectrum.thin(8 * width);
    let values = || thinned.greatest_a_per_rt_hz.iter().chain(&thinned.median_a_per_rt_hz);
    let positive = || values().copied().filter(|&value| value > 0.0);
    let (Some(first), Some(last)) = (thinned.frequencies_hz.first(), thinned.frequencies_hz.last())
    else {
        return String::new();
    };
    let greatest = positive().fold(0.0, f64::max);
    if greatest == 0.0 {
        return "no current but a constant one\n".into();
    }
    // What lies twelve decades lower is rounding.
    let least = positive().fold(greatest, f64::min).max(1e-12 * greatest);
    let high = greatest.log10().ceil();
    let low = least.log10().floor().min(high - 1.0);
    let across = |hz: f64, most: usize| {
        let share = (hz / first).ln() / (last / first).ln().max(f64::MIN_POSITIVE);
        (share.clamp(0.0, 1.0) * (most - 1) as f64).round() as usize
    };
    let (dots_wide, dots_high) = (2 * width, 4 * ROWS);
    let up = |value: f64| {
        let share = ((value.max(least).log10() - low) / (high - low)).clamp(0.0, 1.0);
        (share * (dots_high - 1) as f64).round() as usize
    };
    let mut cells = vec![[0_u8; ROWS]; width];
    let mut last_top: Option<(usize, usize)> = None;
    for (n, &hz) in thinned.frequencies_hz.iter().enumerate() {
        let x = across(hz, dots_wide);
        let (top, bottom) =
            (up(thinned.greatest_a_per_rt_hz[n]), up(thinned.median_a_per_rt_hz[n]));
        // Neighbours are joined, so that a peak is a stroke.
        let (from_x, from_y) = last_top.unwrap_or((x, top));
        let mut reached = from_y;
        for step in from_x + 1..=x {
            let share = (step - from_x) as f64 / (x - from_x) as f64;
            let y = (from_y as f64 + share * (top as f64 - from_y as f64)).round() as usize;
            (reached.min(y)..=reached.max(y)).for_each(|y| dot(&mut cells, step, y));
            reached = y;
        }
        (bottom.min(top)..=top).for_each(|y| dot(&mut cells, x, y));
        last_top = Some((x, top));
    }
    let mut text = String::new();
    for row in 0..ROWS {
        let line: String =
            cells.iter().map(|column| char::from(Braille(column[row]))).collect::<String>();
        // A decade's label stands in the row that its value falls into.
        let decade = |decade: f64| ROWS - 1 - up(10f64.powf(decade)) / 4 == row;
        let decades = (low as i32..=high as i32).map(f64::from);
        let label = decades.into_iter().find(|&value| decade(value));
        let label = label.map_or(String::new(), |value| format!("1e{value}"));
        // Writing to a String cannot fail.
        let row = format!("{label:>width$} {line}", width = MARGIN - 1);
        let _ = writeln!(text, "{}", row.trim_end());
    }
    let mut marks: Vec<Option<(char, u8)>> = vec![None; width];
    // The strongest last, so that its letter is seen.
    for line in spectrum.lines.iter().rev() {
        let found = KINDS.iter().find(|(kind, ..)| *kind == line.kind);
        marks[across(line.frequency_hz, width)] = found.map(|&(_, _, sign, colour)| (sign, colour));
    }
    if marks.iter().any(Option::is_some) {
        text += &" ".repeat(MARGIN);
        for mark in &marks {
            let _ = match mark {
                Some((sign, colour)) if is_coloured => {
                    write!(text, "\x1b[{colour}m{sign}\x1b[0m")
                }
                Some((sign, _)) => write!(text, "{sign}"),
                None => write!(text, " "),
            };
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text + &axis(*first, *last, width, across)
}

/// Frequencies below the curve.
fn axis(first: f64, last: f64, width: usize, across: impl Fn(f64, usize) -> usize) -> String {
    let mut row: Vec<char> = vec![' '; width];
    let decades = first.log10().floor() as i32..=last.log10().ceil() as i32;
    let mut free = 0;
    let ticks = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(decade)));
    for hz in ticks.filter(|&hz| hz >= first && hz <= last) {
        let label = if hz >= 1e4 { format!("{}k", hz / 1e3) } else { hge_driver::text::number(hz) };
        let from = across(hz, width);
        if from >= free && from + label.len() <= width {
            row[from..from + label.len()]
                .iter_mut()
                .zip(label.chars())
                .for_each(|(cell, letter)| *cell = letter);
            free = from + label.len() + 1;
        }
    }
    let row: String = row.into_iter().collect();
    format!("{:>margin$} {}\n", "A/√Hz Hz", row.trim_end(), margin = MARGIN - 1)
}

/// Eight dots of a character.
struct Braille(u8);

impl From<Braille> for char {
    fn from(Braille(dots): Braille) -> char {
        match dots {
            0 => ' ',
            dots => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
        }
    }
}

/// Sets a dot, counted from the left and from below.
fn dot(cells: &mut [[u8; ROWS]], x: usize, y: usize) {
    const LEFT: [u8; 4] = [0x40, 0x04, 0x02, 0x01];
    const RIGHT: [u8; 4] = [0x80, 0x20, 0x10, 0x08];
    let row = ROWS - 1 - (y / 4).min(ROWS - 1);
    if let Some(column) = cells.get_mut(x / 2) {
        column[row] |= if x.is_multiple_of(2) { LEFT[y % 4] } else { RIGHT[y % 4] };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_core::spectrum::Known;
    use rand::{Rng, SeedableRng};

    fn spectrum(amplitude: f64) -> Spectrum {
        let sine = |n: i32| (std::f64::consts::TAU * 0.1 * f64::from(n)).sin();
        let hash = |n: i32| f64::from(n.wrapping_mul(1_103_515_245).wrapping_add(12345) >> 16);
        let samples: Vec<f64> = (0..8192).map(|n| amplitude * (sine(n) + 1e-6 * hash(n))).collect();
        let known = Known { tones_hz: vec![100.0], mains_hz: None };
        Spectrum::of(&samples, 1000.0, Some(1000), &known).unwrap()
    }

    #[test]
    fn a_picture_is_as_wide_as_asked_for_and_coloured_only_where_asked_for() {
        for columns in [0, 40, 80, 200] {
            let picture = text(&spectrum(1.0), columns, false);
            let widest = picture.lines().map(|line| line.chars().count()).max();
            assert!(widest.unwrap() <= columns.max(LEAST_COLUMNS), "{columns}: {widest:?}");
            assert!(!picture.contains('\x1b') && picture.lines().count() == ROWS + 2);
        }
        let coloured = text(&spectrum(1.0), 80, true);
        assert!(coloured.contains("\x1b[33mf\x1b[0m"), "{coloured}");
    }

    #[test]
    fn a_tone_s_letter_stands_below_its_peak() {
        let picture = text(&spectrum(1.0), 80, false);
        let rows: Vec<Vec<char>> = picture.lines().map(|line| line.chars().collect()).collect();
        let column = rows[ROWS].iter().position(|&sign| sign == 'f').unwrap();
        let is_drawn =
            |row: &Vec<char>, column: usize| row.get(column).is_some_and(|&sign| sign != ' ');
        let top = |column: usize| rows[..ROWS].iter().position(|row| is_drawn(row, column));
        let highest = (MARGIN..79).filter_map(top).min();
        let near = (column - 1..=column + 1).filter_map(top).min();
        assert!(highest.is_some() && near == highest, "{picture}");
    }

    #[test]
    fn a_thinned_curve_shows_white_noise_as_level_as_it_is() {
        // 30 000 lines: bins of one line below, of a hundred above.
        let mut noise = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let samples: Vec<f64> = (0..1 << 19).map(|_| noise.random_range(-1.0..1.0)).collect();
        let known = Known { tones_hz: Vec::new(), mains_hz: None };
        let spectrum = Spectrum::of(&samples, 5000.0, Some(1 << 16), &known).unwrap();
        let curve = spectrum.extremes(POINTS);
        let middle = |low_hz: f64, high_hz: f64| {
            let logs = curve.iter().filter(|(hz, _)| (low_hz..high_hz).contains(hz));
            let logs: Vec<f64> = logs.map(|(_, density)| density.ln()).collect();
            assert!(logs.len() > 50, "{low_hz}: {}", logs.len());
            logs.iter().sum::<f64>() / logs.len() as f64
        };
        // One line a bin below 10 Hz; the greatest of each alone would lie 0.4 higher at 2 kHz.
        let step = middle(1000.0, 2400.0) - middle(1.0, 9.0);
        assert!(step.abs() < 0.25, "{step}");
        // And no peak is lost.
        let greatest = spectrum.density_a_per_rt_hz[1..].iter().copied().fold(0.0, f64::max);
        assert!(curve.iter().any(|&(_, density)| density == greatest));
    }

    #[test]
    fn every_spectrum_makes_a_figure_and_a_picture() {
        for amplitude in [1.0, 0.0, 1e-30, 1e60] {
            let spectrum = spectrum(amplitude);
            assert!(figure(&spectrum, "x").svg().unwrap().contains("frequency, Hz"));
            assert!(!text(&spectrum, 80, true).is_empty());
        }
    }
}
