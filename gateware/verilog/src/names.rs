//! Verilog identifiers.

use std::collections::BTreeSet;

/// Words that Verilog-2005 or SystemVerilog reserve and that a Rust field may be called.
const RESERVED: &str = "\
    always and assert assign automatic begin bind bins bit break buf bufif0 bufif1 byte case casex casez \
    cell chandle checker class clocking cmos config const constraint context continue cover deassign default \
    defparam design disable dist do edge else end endcase endmodule enum event eventually expect export \
    extends extern final first_match for force forever fork function generate genvar global highz0 highz1 if \
    iff ifnone implements implies import include initial inout input inside instance int integer interface \
    intersect join large let liblist library local localparam logic longint macromodule matches medium \
    modport module nand negedge nettype new nexttime nmos nor not notif0 notif1 null or output package \
    packed parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown pullup \
    pure rand randc randcase rcmos real realtime ref reg reject_on release repeat restrict return rnmos \
    rpmos rtran scalared sequence shortint shortreal showcancelled signed small soft solve specify specparam \
    static string strong strong0 strong1 struct super supply0 supply1 table tagged task this throughout time \
    tran tri tri0 tri1 triand trior trireg type typedef union unique unsigned until until_with untyped use \
    uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within \
    wor xnor xor";

/// Whether Verilog forbids the name.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.split(' ').any(|word| word == name)
}

/// Hands out names that are used once.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A legal name close to `wanted` that is still free.
    pub fn claim(&mut self, wanted: &str) -> String {
        let mut base: String =
            wanted.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if base.is_empty() || base.starts_with(|c: char| c.is_ascii_digit()) {
            base.insert(0, '_');
        }
        if is_reserved(&base) {
            base.push('_');
        }
        let mut name = base.clone();
        let mut copy = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{base}_{copy}");
            copy += 1;
        }
        name
    }
}

/// `CamelCase` as `snake_case`.
pub(super) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (index, c) in chars.iter().enumerate() {
        if c.is_ascii_uppercase() {
            let after_lower = index > 0 && !chars[index - 1].is_ascii_uppercase();
            let before_lower = chars.get(index + 1).is_some_and(char::is_ascii_lowercase);
            if index > 0 && (after_lower || before_lower) && !out.ends_with('_') {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(*c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_reserved() {
        assert!(is_reserved("always") && is_reserved("xor") && is_reserved("reg"));
        assert!(!is_reserved("phase"));
    }

    #[test]
    fn names_are_legal_and_unique() {
        let mut names = Names::default();
        assert_eq!(names.claim("a$b"), "a_b");
        assert_eq!(names.claim("a_b"), "a_b_2");
        assert_eq!(names.claim("output"), "output_");
        assert_eq!(names.claim("8b"), "_8b");
    }

    #[test]
    fn type_names_become_snake_case() {
        assert_eq!(snake_case("LockIn"), "lock_in");
        assert_eq!(snake_case("NCO"), "nco");
        assert_eq!(snake_case("UartRx8"), "uart_rx8");
        assert_eq!(snake_case("DACDriver"), "dac_driver");
    }
}
