//! A page of SVG in whole pixels: lines, boxes, text.

use std::fmt::Write;

/// Kind of a line, by its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Logic.
    Logic,
    /// Ground and supply.
    Supply,
    /// Symbols and frames.
    Frame,
}

impl Ink {
    fn class(self) -> &'static str {
        match self {
            Ink::Logic => "l",
            Ink::Supply => "s",
            Ink::Frame => "f",
        }
    }
}

/// Where a text's place is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// At the left end of the text.
    Start,
    /// In its middle.
    Middle,
    /// At the right end of the text.
    End,
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
}

impl Canvas {
    /// An empty page.
    pub fn new(size: At) -> Self {
        Canvas { size, body: String::new() }
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// Elements that are written down as SVG.
    pub fn elements(&mut self, svg: &str) {
        self.body += svg;
    }

    /// A line through points.
    pub fn line(&mut self, ink: Ink, points: &[At]) {
        let class = ink.class();
        let mut path = String::new();
        for (number, (x, y)) in points.iter().enumerate() {
            let _ = write!(path, "{}{x} {y}", if number == 0 { "M" } else { "L" });
        }
        self.put(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    /// A block with the lines of its title and the line below them.
    pub fn block(&mut self, (x, y): At, (width, height): At, title: &[&str], below: &str) {
        self.put(format_args!(
            "<rect class=\"f b\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
        ));
        let middle = x + width / 2;
        let mut line_y = y + 25;
        for line in title {
            self.text(" class=\"t\"", Anchor::Middle, (middle, line_y), line);
            line_y += 23;
        }
        self.label(Anchor::Middle, (middle, line_y - 2), below);
    }

    /// A ring: a terminal or a contact.
    pub fn ring(&mut self, (x, y): At) {
        self.put(format_args!("<circle class=\"f w\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"));
    }

    /// A label.
    pub fn label(&mut self, anchor: Anchor, at: At, text: &str) {
        self.text("", anchor, at, text);
    }

    fn text(&mut self, class: &str, anchor: Anchor, (x, y): At, text: &str) {
        if text.is_empty() {
            return;
        }
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.put(format_args!(
            "<text{class} x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>"
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
}
