//! Devices under training: voltages in, one current out.

/// A physical device with a fixed number of electrodes to drive and one output current.
///
/// A device is a pure function: the current of a row depends on the voltages of that row alone, to the
/// last bit, however many rows are evaluated at once. The engines rely on it to agree bit for bit,
/// since the model evaluates whole windows and the RTL engines one sample at a time.
pub trait Device: Send {
    /// Short name for records, e.g. `hopping` or `onnx:rnpu.onnx`.
    fn name(&self) -> String;

    /// Number of electrodes that are driven, the width of a row.
    fn electrodes(&self) -> usize;

    /// Output current of every row. `voltages_v` is row-major `[rows, electrodes]` in volts;
    /// `current_na` receives one nA value a row. Panics never on values: non-finite input gives NaN.
    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]);

    /// Exact gradient dI/dV in nA/V at one point, where the device can tell it.
    fn gradient_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>>;
}
