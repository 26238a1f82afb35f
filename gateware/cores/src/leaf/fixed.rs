//! A constant set by a core's constructor.

use rust_hdl::core::probe::Probe;
use rust_hdl::prelude::*;

/// rust-hdl's `Constant`, with a default value so that cores can derive `Default`.
pub struct Fixed<T: Synth>(Constant<T>);

impl<T: Synth> Fixed<T> {
    /// The constant `value`.
    pub fn new(value: T) -> Self {
        Self(Constant::new(value))
    }

    /// The constant's value, in kernels.
    pub fn val(&self) -> T {
        self.0.val()
    }
}

impl<T: Synth> Default for Fixed<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Synth> Logic for Fixed<T> {
    fn update(&mut self) {}
}

impl<T: Synth> Block for Fixed<T> {
    fn connect_all(&mut self) {
        self.0.connect_all();
    }

    fn update_all(&mut self) {}

    fn has_changed(&self) -> bool {
        false
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        self.0.accept(name, probe);
    }
}
