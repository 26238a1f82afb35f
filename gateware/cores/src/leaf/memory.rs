//! Functions shared by the memories: their size in words, and how they are read.

/// The number of words of a memory of `depth` entries: the next power of two, at least 2. Addresses wrap.
///
/// # Panics
/// If `depth` is zero or does not fit in `address_bits`.
pub(super) fn words_for(what: &str, depth: usize, address_bits: usize) -> usize {
    assert!(depth > 0, "{what}: the depth must be at least 1");
    assert!(
        address_bits < usize::BITS as usize && depth <= 1 << address_bits,
        "{what}: a depth of {depth} needs more than the {address_bits} address bits given"
    );
    depth.next_power_of_two().max(2)
}

/// The part of an address port that selects one of `words` words, as Verilog.
pub(super) fn address_slice(port: &str, words: usize, address_bits: usize) -> String {
    let used = words.trailing_zeros() as usize;
    if used >= address_bits {
        port.to_owned()
    } else {
        format!("{port}[{}:0]", used - 1)
    }
}

/// The Verilog name: width, words, and the address bits if there are more than needed.
pub(super) fn module_name(what: &str, width: usize, words: usize, address_bits: usize) -> String {
    let name = format!("{what}_w{width}_d{words}");
    if words.trailing_zeros() as usize == address_bits {
        name
    } else {
        format!("{name}_a{address_bits}")
    }
}

/// Verilog of a read: one register or two behind the memory.
pub(super) struct Read {
    /// Declarations of registers.
    pub declared: String,
    /// Their initial values.
    pub zeros: String,
    /// What happens at the edge.
    pub steps: String,
    /// The output, if it is not a register itself.
    pub output: String,
}

/// The read of `mem[place]` into `data` of `width` bits.
pub(super) fn read(is_registered: bool, width: usize, data: &str, place: &str) -> Read {
    let top = width - 1;
    if !is_registered {
        return Read {
            declared: String::new(),
            zeros: format!("    {data} = {width}'d0;\n"),
            steps: format!("    {data} <= mem[{place}];\n"),
            output: String::new(),
        };
    }
    Read {
        declared: format!("reg [{top}:0] first;\nreg [{top}:0] second;\n"),
        zeros: format!("    first = {width}'d0;\n    second = {width}'d0;\n"),
        steps: format!("    first <= mem[{place}];\n    second <= first;\n"),
        output: format!("\n\nassign {data} = second;"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_two_from_two() {
        assert_eq!(words_for("ram", 1, 4), 2);
        assert_eq!(words_for("ram", 24, 5), 32);
        assert_eq!(words_for("ram", 32, 5), 32);
        assert_eq!(address_slice("a", 32, 5), "a");
        assert_eq!(address_slice("a", 32, 8), "a[4:0]");
        assert_eq!(module_name("ram", 48, 256, 8), "ram_w48_d256");
        assert_eq!(module_name("ram", 48, 32, 8), "ram_w48_d32_a8");
    }

    #[test]
    #[should_panic(expected = "more than the 4 address bits")]
    fn a_depth_beyond_the_address_is_refused() {
        words_for("ram", 17, 4);
    }
}
