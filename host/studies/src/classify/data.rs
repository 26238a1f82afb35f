//! Points inside and outside a sphere, or in a plane a circle.

use rand::Rng;

/// A labelled set of points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Coordinates, -1 to 1.
    pub at: Vec<Vec<f64>>,
    /// Whether a point lies inside.
    pub inside: Vec<bool>,
}

/// The two classes: nearer than `inside`, and between the two of `outside`, of the cube from -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Coordinates of a point.
    pub dimensions: usize,
    /// Greatest radius inside.
    pub inside: f64,
    /// Least and greatest radius outside.
    pub outside: [f64; 2],
}

/// Distance from the origin.
pub fn radius(at: &[f64]) -> f64 {
    at.iter().map(|x| x * x).sum::<f64>().sqrt()
}

impl Shape {
    /// `count` points, half of each class, evenly distributed in each; classes alternate.
    pub fn draw(&self, count: usize, random: &mut impl Rng) -> Points {
        let mut points = Points::default();
        while points.at.len() < count {
            let wanted = points.at.len() % 2 == 0;
            let at: Vec<f64> =
                (0..self.dimensions).map(|_| random.random_range(-1.0..1.0)).collect();
            let r = radius(&at);
            let found = if wanted {
                r < self.inside
            } else {
                (self.outside[0]..self.outside[1]).contains(&r)
            };
            if found {
                points.at.push(at);
                points.inside.push(wanted);
            }
        }
        points
    }
}

/// One threshold between the classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Current.
    pub at_na: f64,
    /// Whether the inside lies above it.
    pub inside_above: bool,
}

impl Threshold {
    /// The one that most of these outputs are on the right side of, in the middle between two of them, and that share.
    pub fn best(outputs_na: &[f64], inside: &[bool]) -> (Self, f64) {
        let mut sorted: Vec<(f64, bool)> =
            outputs_na.iter().copied().zip(inside.iter().copied()).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all_inside = inside.iter().filter(|&&inside| inside).count();
        let first = sorted.first().map_or(0.0, |point| point.0);
        let mut best = (Threshold { at_na: first - 1.0, inside_above: true }, all_inside);
        let (mut inside_below, mut below) = (0, 0);
        for (n, &(output_na, inside)) in sorted.iter().enumerate() {
            below += 1;
            inside_below += usize::from(inside);
            let next = sorted.get(n + 1).map_or(output_na + 2.0, |point| point.0);
            if next == output_na {
                continue;
            }
            let right_if_above = (below - inside_below) + (all_inside - inside_below);
            for (right, inside_above) in
                [(right_if_above, true), (sorted.len() - right_if_above, false)]
            {
                if right > best.1 {
                    best = (Threshold { at_na: (output_na + next) / 2.0, inside_above }, right);
                }
            }
        }
        (best.0, best.1 as f64 / sorted.len().max(1) as f64)
    }

    /// Share of these outputs on the right side.
    pub fn accuracy(&self, outputs_na: &[f64], inside: &[bool]) -> f64 {
        let right = outputs_na.iter().zip(inside).filter(|&(&output_na, &inside)| {
            ((output_na > self.at_na) == self.inside_above) == inside
        });
        right.count() as f64 / outputs_na.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn an_output_at_the_threshold_is_not_above_it() {
        let threshold = |inside_above| Threshold { at_na: 1.0, inside_above };
        assert_eq!(threshold(true).accuracy(&[1.0, 2.0], &[false, true]), 1.0);
        assert_eq!(threshold(false).accuracy(&[1.0, 2.0], &[true, false]), 1.0);
    }

    #[test]
    fn half_of_the_points_are_inside_and_none_lies_between() {
        let shape = Shape { dimensions: 3, inside: 0.675, outside: [0.825, 1.3] };
        let points = shape.draw(400, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(points.inside.iter().filter(|&&inside| inside).count(), 200);
        for (at, &inside) in points.at.iter().zip(&points.inside) {
            let r = radius(at);
            assert!(if inside { r < 0.675 } else { (0.825..1.3).contains(&r) }, "{r}");
            assert!(at.iter().all(|x| x.abs() <= 1.0));
        }
        // Evenly: half of a ball lies beyond 0.794 of its radius.
        let inner = points.at.iter().map(|at| radius(at)).filter(|r| *r < 0.675);
        let beyond = inner.filter(|r| *r > 0.5_f64.cbrt() * 0.675).count();
        assert!((80..=120).contains(&beyond), "{beyond}");
    }

    #[test]
    fn the_best_threshold_is_that_of_all_that_are_tried() {
        let outputs = [3.0, 1.0, 2.0, 5.0, 4.0, 2.0];
        let inside = [false, true, true, false, true, false];
        let (best, share) = Threshold::best(&outputs, &inside);
        let tried = [0.0, 1.5, 2.5, 3.5, 4.5, 6.0].into_iter().flat_map(|at_na| {
            [true, false]
                .map(|inside_above| Threshold { at_na, inside_above }.accuracy(&outputs, &inside))
        });
        let most = tried.fold(0.0, f64::max);
        assert_eq!(share, most);
        assert_eq!(best.accuracy(&outputs, &inside), share);
        assert!(!best.inside_above);
    }
}
