//! A page of SVG in whole pixels: lines, boxes, text.

use std::fmt::Write;

/// Kind of a line, by its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Logic.
    Logic,
    /// A voltage or current.
    Analogue,
    /// Ground and supply.
    Supply,
    /// Symbols and frames.
    Frame,
}

impl Ink {
    fn class(self) -> &'static str {
        match self {
            Ink::Logic => "l",
            Ink::Analogue => "a",
            Ink::Supply => "s",
            Ink::Frame => "f",
        }
    }
}

/// Where a text's place is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// At its left end.
    Start,
    /// In its middle.
    Middle,
    /// At its right end.
    End,
}

/// Size of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Of a block's title.
    Title,
    /// Everything else.
    Label,
}

impl Size {
    fn px(self) -> i32 {
        match self {
            Size::Title => 19,
            Size::Label => 15,
        }
    }
}

/// A point.
pub type At = (i32, i32);

const STYLE: &str =
    "text{font-family:'DejaVu Sans',Helvetica,Arial,sans-serif;font-size:15px;fill:#111}\
    .t{font-size:19px;font-weight:bold}.l,.a,.s,.f{fill:none;stroke-width:2}\
    .l{stroke:#1f4e8c}.a{stroke:#a0281e}.s{stroke:#666}.f{stroke:#111}\
    .d{stroke-dasharray:5 4}.b{fill:#fafafa}.w{fill:#fff}";

/// Shapes drawn so far.
pub struct Canvas {
    size: At,
    body: String,
    /// Left, top, right and bottom of each text, as wide as it is with the widest of the fonts, and the text.
    texts: Vec<([i32; 4], String)>,
    /// The same edges of each block.
    blocks: Vec<[i32; 4]>,
}

impl Canvas {
    /// An empty page.
    pub fn new(size: At) -> Self {
        Canvas { size, body: String::new(), texts: Vec::new(), blocks: Vec::new() }
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// A line through points.
    pub fn line(&mut self, ink: Ink, points: &[At]) {
        self.path(ink.class(), points);
    }

    /// A dashed line through points.
    pub fn dashed(&mut self, ink: Ink, points: &[At]) {
        self.path(&format!("{} d", ink.class()), points);
    }

    fn path(&mut self, class: &str, points: &[At]) {
        let mut path = String::new();
        for (number, (x, y)) in points.iter().enumerate() {
            let _ = write!(path, "{}{x} {y}", if number == 0 { "M" } else { "L" });
        }
        self.put(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    /// A block with the lines of its title and the line below them.
    pub fn block(&mut self, (x, y): At, (width, height): At, title: &[&str], below: &str) {
        self.blocks.push([x, y, x + width, y + height]);
        self.put(format_args!(
            "<rect class=\"f b\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
        ));
        let middle = x + width / 2;
        let mut line_y = y + 25;
        for line in title {
            self.text(Size::Title, Anchor::Middle, (middle, line_y), line);
            line_y += 23;
        }
        self.label(Anchor::Middle, (middle, line_y - 2), below);
    }

    /// A white box of a symbol.
    pub fn white(&mut self, (x, y): At, (width, height): At) {
        self.put(format_args!(
            "<rect class=\"f w\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        ));
    }

    /// A white triangle.
    pub fn triangle(&mut self, [a, b, c]: [At; 3]) {
        self.put(format_args!(
            "<path class=\"f w\" d=\"M{} {}L{} {}L{} {}Z\"/>",
            a.0, a.1, b.0, b.1, c.0, c.1
        ));
    }

    /// A filled dot, where wires join.
    pub fn dot(&mut self, (x, y): At) {
        self.put(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"#111\"/>"));
    }

    /// A ring: a terminal or a contact.
    pub fn ring(&mut self, (x, y): At) {
        self.put(format_args!("<circle class=\"f w\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"));
    }

    /// A label.
    pub fn label(&mut self, anchor: Anchor, at: At, text: &str) {
        self.text(Size::Label, anchor, at, text);
    }

    fn text(&mut self, size: Size, anchor: Anchor, (x, y): At, text: &str) {
        if text.is_empty() {
            return;
        }
        let (class, word) = match (size, anchor) {
            (Size::Title, _) => (" class=\"t\"", "middle"),
            (_, Anchor::Start) => ("", "start"),
            (_, Anchor::Middle) => ("", "middle"),
            (_, Anchor::End) => ("", "end"),
        };
        let width = text.chars().count() as i32 * size.px() * 62 / 100;
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2,
            Anchor::End => x - width,
        };
        self.texts.push(([left, y - size.px() * 3 / 4, left + width, y + 3], text.to_owned()));
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.put(format_args!(
            "<text{class} x=\"{x}\" y=\"{y}\" text-anchor=\"{word}\">{text}</text>"
        ));
    }

    /// The page; `title` is its text for screen readers.
    pub fn svg(&self, title: &str) -> String {
        let (width, height) = self.size;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n{}</svg>\n",
            self.body
        )
    }

    /// Texts that run over the edge, over each other or over a side of a block.
    #[cfg(test)]
    pub fn collisions(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (number, ([left, top, right, bottom], text)) in self.texts.iter().enumerate() {
            if *left < 0 || *top < 0 || *right > self.size.0 || *bottom > self.size.1 {
                found.push(format!("\"{text}\" runs over the edge"));
            }
            for [l, t, r, b] in &self.blocks {
                let crosses = |side: &i32| left < side && side < right;
                if top < b && t < bottom && (crosses(l) || crosses(r)) {
                    found.push(format!("\"{text}\" runs over a side of a block"));
                }
            }
            for ([l, t, r, b], other) in &self.texts[..number] {
                if left < r && l < right && top < b && t < bottom {
                    found.push(format!("\"{text}\" runs over \"{other}\""));
                }
            }
        }
        found
    }
}
