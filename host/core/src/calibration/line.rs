//! The line of responses with varying conductance.
//!
//! At one frequency a response is z = H (g + i b): g varies with the operating point, H and b do not. The points z lie on a line in the
//! direction of H whose distance from the origin is due to the feed-through.

/// A line through points of the plane, by least squares of the distances from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Angle against the real axis, from -pi/2 to pi/2.
    pub angle_rad: f64,
    /// Standard error of the angle.
    pub angle_error_rad: f64,
    /// Spread of the points along the line, as a standard deviation.
    pub span: f64,
    /// Spread across it.
    pub scatter: f64,
}

impl Line {
    /// Through the points (in phase, in quadrature); `None` of fewer than three.
    pub fn through(points: &[[f64; 2]]) -> Option<Self> {
        let count = points.len() as f64;
        if points.len() < 3 {
            return None;
        }
        let mean = |axis: usize| points.iter().map(|point| point[axis]).sum::<f64>() / count;
        let (x, y) = (mean(0), mean(1));
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for [i, q] in points {
            xx += (i - x) * (i - x) / count;
            xy += (i - x) * (q - y) / count;
            yy += (q - y) * (q - y) / count;
        }
        // Eigenvalues of the covariance, and the direction of the larger one.
        let (half, distance) = ((xx + yy) / 2.0, ((xx - yy) / 2.0).hypot(xy));
        let (along, across) = (half + distance, (half - distance).max(0.0));
        Some(Line {
            angle_rad: (2.0 * xy).atan2(xx - yy) / 2.0,
            angle_error_rad: (across / along / (count - 2.0)).sqrt(),
            span: along.sqrt(),
            scatter: across.sqrt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_angle_whatever_its_foot() {
        let (sine, cosine) = (-0.1_f64).sin_cos();
        let points: Vec<[f64; 2]> = (-4..5)
            .map(|n| f64::from(n) * 3.0)
            .map(|g| [g * cosine - 2.0 * sine, g * sine + 2.0 * cosine])
            .collect();
        let line = Line::through(&points).unwrap();
        assert!((line.angle_rad + 0.1).abs() < 1e-12, "{line:?}");
        assert!(line.scatter < 1e-7 && line.angle_error_rad < 1e-7, "{line:?}");
        // Variance of -4..4 is 60/9.
        assert!((line.span - 3.0 * (60.0_f64 / 9.0).sqrt()).abs() < 1e-9);
        assert_eq!(Line::through(&points[..2]), None);
    }
}
