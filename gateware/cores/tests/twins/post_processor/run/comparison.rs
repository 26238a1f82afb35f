//! What the post-processor has made of a job, against what it should have.

use super::super::test_bench::JobResult;
use super::{Run, Settings};

impl Run {
    pub(super) fn compare(
        &self,
        result: JobResult,
        frames: &[Vec<u32>],
        marks: usize,
        targets: &[(u64, u32)],
    ) {
        let what = (self.settings, self.at);
        assert_eq!(result.frames, frames, "{what:?}");
        assert_eq!(result.marks, marks, "{what:?}");
        let lengths: Vec<u64> = frames.iter().map(|words| words.len() as u64).collect();
        assert_eq!(result.asked, lengths, "{what:?}");
        let differs =
            self.test_bench.table.iter().zip(&self.table).position(|(one, other)| one != other);
        assert_eq!(differs, None, "word of the table that differs: {what:?}");
        assert_eq!(result.targets, targets, "{what:?}");
        let Settings { slots, window_log2, compact, .. } = self.settings;
        let parameters = self.test_bench.parameters;
        for ends in &self.test_bench.bench.core.ends {
            let is_last = self.at.case + 1 == self.settings.cases && !self.at.flows;
            assert_eq!(ends.val(), is_last, "{what:?}");
        }
        for continues in &self.test_bench.bench.core.continues {
            assert_eq!(continues.val(), self.at.flows, "{what:?}");
        }
        let compact = u32::from(compact) * parameters.compact_clocks(slots);
        let most_job = parameters.most_job_clocks(slots, window_log2) + compact;
        assert!(result.clocks <= most_job, "{} clocks, of {most_job}: {what:?}", result.clocks);
        let gap = if self.at.case == 0 && !self.at.flowed {
            parameters.most_gap_clocks(slots, window_log2)
        } else {
            parameters.most_case_gap_clocks(slots, window_log2)
        };
        let row =
            if self.at.flowed && !self.settings.standalone { parameters.row_clocks() } else { 0 };
        let gap = gap + row;
        // A block that is being written comes before, or, with the update in hardware, an event.
        let (most, before) =
            if parameters.update.is_hardware() { (gap, 135) } else { (gap + compact, 1800) };
        let clocks = result.ready_clocks;
        assert!(clocks + before <= most, "{clocks} clocks, of {most}: {what:?}");
    }
}
