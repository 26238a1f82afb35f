//! Converters with latency: the present ADC code responds to the DAC codes of some samples ago.

use super::Bench;

/// A bench with converters that add whole samples to the loop latency.
///
/// Before the first codes the outputs stood at mid-scale.
pub struct Delayed {
    bench: Box<dyn Bench>,
    outputs: usize,
    latency_samples: usize,
    /// Codes on their way, row by row; after a call also the rows that it brought.
    rows: Vec<i16>,
    /// Samples of the last call.
    asked: usize,
}

impl Delayed {
    /// `bench` with converters that add `latency_samples`, for an instrument with `outputs` outputs.
    pub fn new(bench: Box<dyn Bench>, outputs: usize, latency_samples: usize) -> Self {
        let rows = vec![0; outputs * latency_samples];
        Delayed { bench, outputs, latency_samples, rows, asked: 0 }
    }

    /// Forgets the rows that have passed, all but the last `rewound` of the last call.
    fn settle(&mut self, rewound: usize) {
        let passed = self.asked - rewound.min(self.asked);
        let waiting = passed + self.latency_samples;
        self.rows.truncate(waiting * self.outputs);
        self.rows.drain(..passed * self.outputs);
        self.asked = 0;
    }
}

impl Bench for Delayed {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.settle(0);
        self.asked = codes.len() / self.outputs;
        self.rows.extend_from_slice(codes);
        self.bench.samples(&self.rows[..self.asked * self.outputs], adc);
    }

    fn rewind(&mut self, samples: usize) {
        self.bench.rewind(samples);
        self.settle(samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Says the sum of the codes, and keeps what it was asked.
    struct Sum(Arc<Mutex<Vec<i16>>>);

    impl Bench for Sum {
        fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
            for (code, row) in adc.iter_mut().zip(codes.chunks_exact(2)) {
                *code = row[0] + row[1];
            }
            self.0.lock().unwrap().extend_from_slice(adc);
        }

        fn rewind(&mut self, samples: usize) {
            let mut sums = self.0.lock().unwrap();
            let left = sums.len() - samples;
            sums.truncate(left);
        }
    }

    #[test]
    fn codes_come_back_as_many_samples_later_however_the_calls_are_cut_and_taken_back() {
        for latency in 0..=2 {
            let sums = Arc::new(Mutex::new(Vec::new()));
            let mut bench = Delayed::new(Box::new(Sum(sums.clone())), 2, latency);
            let row = |n: i16| [n, 100 * n];
            let rows = |from: i16, to: i16| (from..to).flat_map(row).collect::<Vec<i16>>();
            let mut adc = [0; 4];
            bench.samples(&rows(1, 2), &mut adc[..1]);
            bench.samples(&rows(2, 6), &mut adc);
            bench.rewind(3);
            bench.samples(&rows(3, 5), &mut adc[..2]);
            bench.samples(&rows(5, 9), &mut adc);
            let late = (1..=8).map(|n| 101 * (n - latency as i16).max(0));
            assert_eq!(*sums.lock().unwrap(), late.collect::<Vec<i16>>(), "latency {latency}");
        }
    }
}
