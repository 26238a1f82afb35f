//! The font of all figures. It is compiled in, so that PNGs look the same on machines without fonts.

use plotters::style::{register_font, FontStyle};
use std::sync::Once;

/// Name under which figures ask for it.
pub const FAMILY: &str = "sans-serif";

static REGISTERED: Once = Once::new();

/// Makes the font known to the drawing library; once is enough.
pub fn register() {
    REGISTERED.call_once(|| {
        // Refused only if the file that is compiled in were no font, which every figure would show.
        let _ = register_font(FAMILY, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT);
    });
}
