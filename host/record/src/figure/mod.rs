//! Figures as data: panels with axes and layers, drawn as SVG and as PNG.
//!
//! | module | content |
//! |---|---|
//! | [`axis`] | linear and logarithmic axes, their ticks |
//! | [`font`] | the built-in font, for machines without fonts |
//! | [`spectrum`] | a spectrum, as a figure and as characters for a terminal |
//! | [`tones`] | a plan of tones |

pub mod axis;
mod draw;
pub mod font;
pub mod spectrum;
pub mod tones;

pub use axis::Axis;

use thiserror::Error;

/// Legible on paper and on screens for those who tell colours apart badly (Okabe and Ito 2008), the one for
/// references last.
pub const COLOURS: [(u8, u8, u8); 8] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (120, 120, 120),
    (0, 0, 0),
];

/// Colour of references: bounds, theory, y = x.
pub const REFERENCE: usize = 7;

/// Pixels of a panel.
const PANEL: (u32, u32) = (460, 340);

/// A figure cannot be made.
#[derive(Debug, Error)]
#[error("the figure {title} cannot be drawn: {reason}; run the command with other settings")]
pub struct FigureError {
    /// Title.
    pub title: String,
    /// Message of the drawing library.
    pub reason: String,
}

/// How the points of a layer are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Joined by a line.
    Line,
    /// Joined by a thin dashed line: theory and bounds.
    Dashed,
    /// Dots of this radius in pixels.
    Dots(u32),
    /// Bars from zero, as wide as this share (percent) of their distance.
    Bars(u32),
}

/// One set of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Name in the legend; empty: none.
    pub name: String,
    /// Place in [`COLOURS`].
    pub colour: usize,
    /// Shown as.
    pub mark: Mark,
    /// Points; those that are not finite interrupt a line.
    pub points: Vec<(f64, f64)>,
}

/// One diagram.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// Horizontal.
    pub x: Axis,
    /// Vertical.
    pub y: Axis,
    /// Drawn in order.
    pub layers: Vec<Layer>,
}

/// Panels in rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without ending.
    pub name: String,
    /// Panels a row.
    pub columns: usize,
    /// Row by row.
    pub panels: Vec<Panel>,
}

impl Layer {
    /// Points named `name`.
    pub fn new(
        name: impl Into<String>,
        colour: usize,
        mark: Mark,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let colour = colour % COLOURS.len();
        Layer { name: name.into(), colour, mark, points: points.into_iter().collect() }
    }
}

impl Figure {
    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        let columns = self.columns.max(1).min(self.panels.len().max(1));
        let rows = self.panels.len().div_ceil(columns).max(1);
        (PANEL.0 * columns as u32, PANEL.1 * rows as u32)
    }

    /// As SVG.
    ///
    /// # Errors
    /// The drawing library refuses.
    pub fn svg(&self) -> Result<String, FigureError> {
        draw::svg(self).map_err(|reason| FigureError { title: self.name.clone(), reason })
    }

    /// As PNG.
    ///
    /// # Errors
    /// The drawing library refuses.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        draw::png(self).map_err(|reason| FigureError { title: self.name.clone(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(y: Axis, values: [f64; 3]) -> Figure {
        let points = [1.0, 2.0, 3.0].into_iter().zip(values);
        let panel = Panel {
            title: "title".into(),
            x: Axis::linear("time, s"),
            y,
            layers: vec![Layer::new("layer", 0, Mark::Line, points)],
        };
        Figure { name: "figure".into(), columns: 2, panels: vec![panel.clone(), panel] }
    }

    #[test]
    fn a_figure_is_the_same_bytes_every_time_in_both_formats() {
        let figure = figure(Axis::logarithmic("error, nA"), [1e-3, 0.5, 40.0]);
        assert_eq!(figure.svg().unwrap(), figure.svg().unwrap());
        assert_eq!(figure.png().unwrap(), figure.png().unwrap());
        assert!(figure.svg().unwrap().contains("time, s"));
    }

    /// Bytes of the picture that are not white, after only the title was changed.
    fn ink(title: &str) -> usize {
        let mut figure = figure(Axis::linear("y"), [0.0, 1.0, 2.0]);
        figure.panels.iter_mut().for_each(|panel| panel.title = title.into());
        let png = figure.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels.iter().filter(|&&byte| byte != 255).count()
    }

    #[test]
    fn text_is_drawn_as_glyphs_without_any_font_of_the_machine() {
        let [none, thin, wide] = [" ", "iiiiiiii", "MMMMMMMM"].map(ink);
        assert!(none + 50 < thin && none + 3 * (thin - none) / 2 < wide, "{none} {thin} {wide}");
        // Signs that units and labels need: no two are the same substitute for a missing glyph.
        let signs = ["\u{b2}", "\u{b7}", "\u{221a}", "\u{b0}", "\u{b5}", "\u{394}"].map(ink);
        assert!(signs.iter().all(|sign| *sign > none), "{signs:?} {none}");
    }

    #[test]
    fn equal_empty_and_infinite_values_make_a_figure() {
        for values in [[2.0; 3], [f64::NAN; 3], [f64::INFINITY, 1.0, f64::NEG_INFINITY]] {
            for y in [Axis::linear("y"), Axis::logarithmic("y")] {
                assert!(figure(y, values).svg().unwrap().ends_with("</svg>\n"));
            }
        }
        let empty = Figure { name: "empty".into(), columns: 1, panels: Vec::new() };
        assert!(empty.svg().is_ok() && empty.png().is_ok());
    }
}
