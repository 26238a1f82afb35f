//! Random points at one spacing and amplitude, with a comparison of both methods.

use super::points::{Pairs, PointsSpec};
use crate::bootstrap::{self, Estimate};
use crate::statistics::mean_square;
use serde_json::json;

/// Sums over the tones of a point: 1, x, y, x^2, x y, y^2 of single (x) and parallel (y), and squared errors of parallel and single.
type Row = [f64; 8];

/// Pairs at one spacing and amplitude.
pub struct Series {
    /// Configuration of the series.
    pub wanted: PointsSpec,
    /// Result of a measurement.
    pub pairs: Pairs,
    /// Rise of the line of parallel over single.
    pub slope: Estimate,
    /// Share of parallel's variance that the line explains.
    pub r_squared: Estimate,
    /// Mean squared error against the exact slopes, parallel over single.
    pub ratio: Estimate,
    /// Ratio of every set of points.
    pub set_ratios: Vec<f64>,
}

impl Series {
    /// The statistics of points that are `sets` sets.
    pub fn new(wanted: PointsSpec, pairs: Pairs, sets: usize) -> Self {
        let rows = rows(&pairs);
        let size = rows.len().div_ceil(sets.max(1)).max(1);
        let of = |statistic: fn(&[Row]) -> f64| bootstrap::estimate(&[&rows], statistic);
        Series {
            slope: of(|sums| slope(&sums[0])),
            r_squared: of(|sums| r_squared(&sums[0])),
            ratio: of(|sums| sums[0][6] / sums[0][7]),
            set_ratios: rows.chunks(size).map(ratio_of).collect(),
            wanted,
            pairs,
        }
    }

    /// Mean squared errors against the exact slopes in (nA/V)^2, parallel and single.
    pub fn errors_na2_per_v2(&self) -> (f64, f64) {
        let Pairs { parallel_na_per_v, single_na_per_v, exact_na_per_v, .. } = &self.pairs;
        let of = |found: &[f64]| mean_square(found.iter().zip(exact_na_per_v).map(|(a, b)| a - b));
        (of(parallel_na_per_v), of(single_na_per_v))
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        let (parallel, single) = self.errors_na2_per_v2();
        json!({
            "spacing_hz": self.wanted.spacing_hz, "amplitude_v": self.wanted.amplitude_v,
            "noise": if self.wanted.paired { "paired" } else { "independent" },
            "points": self.wanted.points, "slope": self.slope.json(),
            "r_squared": self.r_squared.json(), "ratio": self.ratio.json(),
            "set_ratios": self.set_ratios,
            "parallel_na2_per_v2": parallel, "single_na2_per_v2": single,
        })
    }
}

fn rows(pairs: &Pairs) -> Vec<Row> {
    let tones = pairs.tones.max(1);
    let parallel = pairs.parallel_na_per_v.chunks(tones);
    let single = pairs.single_na_per_v.chunks(tones);
    let exact = pairs.exact_na_per_v.chunks(tones);
    let row = |((parallel, single), exact): ((&[f64], &[f64]), &[f64])| {
        let mut row = [0.0; 8];
        for ((y, x), exact) in parallel.iter().zip(single).zip(exact) {
            let terms =
                [1.0, *x, *y, x * x, x * y, y * y, (y - exact).powi(2), (x - exact).powi(2)];
            row.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
        row
    };
    parallel.zip(single).zip(exact).map(row).collect()
}

/// Sums of squares and of products about the means: xx, xy, yy.
fn about_means([count, x, y, xx, xy, yy, ..]: &Row) -> (f64, f64, f64) {
    (xx - x * x / count, xy - x * y / count, yy - y * y / count)
}

fn slope(sums: &Row) -> f64 {
    let (xx, xy, _) = about_means(sums);
    xy / xx
}

fn r_squared(sums: &Row) -> f64 {
    let (xx, xy, yy) = about_means(sums);
    xy * xy / (xx * yy)
}

fn ratio_of(rows: &[Row]) -> f64 {
    let sum = |column: usize| rows.iter().map(|row| row[column]).sum::<f64>();
    sum(6) / sum(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// y = x with -1, +1, +1, -1 added: xx = 5, xy = 5, yy = 9, in two points of two tones; the exact slopes are x + 1.
    #[test]
    fn slope_r_squared_and_ratio_are_those_worked_out_by_hand() {
        let pairs = Pairs {
            tones: 2,
            single_na_per_v: vec![0.0, 1.0, 2.0, 3.0],
            parallel_na_per_v: vec![-1.0, 2.0, 3.0, 2.0],
            exact_na_per_v: vec![1.0, 2.0, 3.0, 4.0],
            voltages_v: Vec::new(),
        };
        let wanted = PointsSpec {
            lowest_hz: 1.0,
            spacing_hz: 1.0,
            amplitude_v: 1.0,
            points: 2,
            paired: false,
        };
        let found = Series::new(wanted, pairs, 2);
        assert!((found.slope.value - 1.0).abs() < 1e-12, "{:?}", found.slope);
        assert!((found.r_squared.value - 5.0 / 9.0).abs() < 1e-12, "{:?}", found.r_squared);
        assert_eq!((found.ratio.value, found.set_ratios.as_slice()), (2.0, &[2.0, 2.0][..]));
    }
}
