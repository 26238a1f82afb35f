//! Every kernel of the gateware keeps to the dialect, and the check catches every known trap.

use hge_tests::dialect::{check_source, count_kernels};
use std::path::{Path, PathBuf};

/// A kernel with these statements, the first on line 14.
fn kernel(body: &str) -> String {
    format!(
        "struct Block {{
            u: Signal<In, Bits<8>>,
            v: Signal<In, Bits<8>>,
            s: Signal<In, Signed<8>>,
            t: DFF<Signed<8>>,
            bit: Signal<In, Bit>,
            out: Signal<Out, Bits<8>>,
            x: Signal<Local, Bits<8>>,
            wide: Signal<Local, Bits<16>>,
        }}
        impl Logic for Block {{
            #[hdl_gen]
            fn update(&mut self) {{
{body}
            }}
        }}"
    )
}

#[track_caller]
fn rejects(body: &str, says: &str) {
    let found = check_source("block.rs", &kernel(body));
    let hit = found.iter().find(|v| v.line == 14 && v.to_string().contains(says));
    assert!(hit.is_some(), "`{body}` should be refused with `{says}`, found {found:?}");
    assert!(hit.is_some_and(|v| v.to_string().starts_with("block.rs:14: ")));
    assert!(hit.is_some_and(|v| v.message.contains("; ")), "no remedy in {hit:?}");
}

#[track_caller]
fn accepts(body: &str) {
    let found = check_source("block.rs", &kernel(body));
    assert!(found.is_empty(), "`{body}` should be accepted, found {found:?}");
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn the_gateware_keeps_to_the_dialect() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateware/cores/src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files.sort();
    let mut kernels = 0;
    let mut found = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a source file");
        kernels += count_kernels(&text);
        found.extend(check_source(&path.display().to_string(), &text));
    }
    assert!(kernels > 0, "no kernels found");
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}

#[test]
fn casts_of_expressions_are_refused() {
    rejects(
        "self.wide.next = bit_cast::<16, 8>(self.u.val() + self.v.val());",
        "`bit_cast` of an expression",
    );
    rejects(
        "self.wide.next = bit_cast_signed::<16, 8>(self.s.val() - self.t.q.val());",
        "of an expression",
    );
    rejects(
        "self.wide.next = signed_cast(self.u.val() ^ self.v.val());",
        "`signed_cast` of an expression",
    );
    rejects("self.wide.next = signed_bit_cast::<16, 8>(self.s.val());", "never returns");
    rejects("self.wide.next = unsigned_bit_cast::<16, 8>(self.s.val());", "cannot be emitted");
    rejects("self.out.next = (self.u.val() + self.v.val()).into();", "`.into()` of an expression");
    rejects(
        "self.out.next = (self.u.val() + self.v.val()).get_bits::<8>(1);",
        "`get_bits` of an expression",
    );
    rejects(
        "self.out.next = (self.u.val() + self.v.val()).to_bits() << 1;",
        "`.into()` of an expression",
    );
    rejects(
        "self.out.next = (self.u.val() + self.v.val()).to_bits().get_bits::<8>(1);",
        "`get_bits` of an expression",
    );
    accepts("self.out.next = self.u.val().to_bits() << 1;");
    accepts("self.out.next = bit_cast::<8, 4>(self.u.val().to_bits().get_bits::<4>(1));");
    accepts("self.wide.next = bit_cast::<16, 8>(self.u.val());");
    accepts("self.wide.next = bit_cast_signed::<16, 4>(self.s.val().get_bits::<4>(4));");
    accepts("self.wide.next = bit_cast::<16, 8>(unsigned_cast(self.s.val()));");
}

#[test]
fn nested_arithmetic_is_refused() {
    rejects("self.out.next = self.u.val() + self.v.val() + self.x.val();", "inside an operator");
    rejects("self.out.next = (self.u.val() + self.v.val()) - self.x.val();", "inside an operator");
    rejects("self.out.next = self.u.val() + (self.v.val() << 1);", "inside an operator");
    accepts("self.out.next = self.u.val() + self.v.val();");
    rejects(
        "self.out.next = (self.u.val() + self.v.val()) & self.x.val();",
        "arithmetic result inside",
    );
    accepts("self.out.next = self.u.val() - 1;");
    accepts("self.out.next = self.u.val() & (!self.v.val()) & self.x.val();");
    accepts("self.out.next = self.u.val() | (self.v.val() & self.x.val());");
    accepts("self.out.next = !(self.u.val() | self.v.val());");
    accepts("self.out.next = self.u.val() << 2;");
    accepts("self.x.next = !self.u.val();");
    accepts("self.x.next = self.u.val().replace_bit(3, self.bit.val());");
}

#[test]
fn arithmetic_in_conditions_is_refused() {
    rejects("if self.u.val() + 1 == self.v.val() { }", "beside a comparison");
    rejects("if (self.u.val() + self.v.val()) == self.x.val() { }", "does not wrap");
    rejects("if (self.u.val() + self.v.val()).any() { }", "`any` of an expression");
    rejects("if (self.u.val() - self.v.val()).get_bit(7) { }", "`get_bit` of an expression");
}

#[test]
fn signed_comparisons_with_literals_are_refused() {
    rejects("if self.s.val() > 0.into() { }", "signed signal compared with a literal");
    rejects("if self.t.q.val() == (-1).into() { }", "signed signal compared with a literal");
    rejects("if self.u.val() > 3.into() { }", "`.into()` in an order comparison");
    accepts("if self.s.val() > self.t.q.val() { }");
    accepts("if self.u.val() > bits::<8>(3) { }");
    accepts("if self.u.val() == 3.into() { }");
    accepts("if self.s.val().get_bit(7) { }");
}

#[test]
fn missing_parentheses_are_refused() {
    rejects("if self.u.val() & self.v.val() == self.u.val() { }", "without parentheses");
    rejects("if self.u.val() == self.v.val() & self.x.val() { }", "without parentheses");
    rejects("if self.bit.val() & self.bit.val() | self.bit.val() { }", "mixed without parentheses");
    rejects(
        "self.x.next = self.u.val() & self.v.val() | self.u.val();",
        "mixed without parentheses",
    );
    accepts("if (self.u.val() & self.v.val()) == self.u.val() { }");
    accepts("if (self.u.val() == self.v.val()) & (!self.bit.val()) & self.bit.val() { }");
    accepts("self.bit.next = self.u.val().any() && !self.bit.val();");
}

#[test]
fn patterns_and_ranges_outside_the_dialect_are_refused() {
    rejects("match self.u.val().index() { 1 if self.bit.val() => {} _ => {} }", "match guard");
    rejects("match self.u.val().index() { 1 | 2 => {} _ => {} }", "or-pattern");
    rejects("match self.u.val().index() { 1..=2 => {} _ => {} }", "range pattern");
    rejects("match self.u.val() + self.v.val() { _ => {} }", "a `match` on an expression");
    rejects("for i in 0..=3 { self.a[i].next = self.u.val(); }", "inclusive range");
    accepts("match self.state.q.val() { State::Idle => self.out.next = 0.into(), _ => {} }");
    accepts("for i in 0..N { self.a[i + 1].d.next = self.a[i].q.val(); }");
}

#[test]
fn indices_that_verilog_cannot_have_are_refused() {
    rejects("self.out.next = self.a[K - 1].q.val();", "a constant's name as a position");
    rejects(
        "self.out.next = self.a[self.u.val().index()].q.val();",
        "a position that a signal sets",
    );
    rejects("self.out.next = self.a[1][2].q.val();", "an array of arrays");
    rejects("self.x.next = self.u.val().get_bits::<4>(self.v.val().index());", "a signal sets");
    rejects("self.x.next = self.tag.val().level.get_bits::<4>(0);", "double slice");
    accepts("self.x.next = self.tag.val().level;");
    accepts("self.tag.next.level = self.u.val();");
}

#[test]
fn other_forms_outside_the_dialect_are_refused() {
    rejects("self.u.val().set_bit(1, true);", "`set_bit`");
    rejects("self.out.next = LIMIT.into();", "constant's name");
    rejects("self.out.next = bits::<8>(LIMIT);", "`bits` of no literal");
    rejects("let x = self.u.val();", "`let` in a kernel");
    rejects("self.x.next += self.u.val();", "compound assignment");
    rejects("self.out.next = twice(self.u.val());", "a call in a kernel");
    rejects("Bus::join(&mut self.a, &mut self.b);", "a call as a statement");
    rejects("self.out.next = self.t.d.val();", "register's `.d`");
    rejects("self.out = 3;", "no `.next`");
    accepts("dff_setup!(self, clock, t); comment!(\"text\"); self.out.next = 0.into();");
    accepts("self.out.next = bits::<8>(3); self.state.d.next = State::Idle; self.bit.next = true;");
}

#[test]
fn only_kernels_are_checked() {
    let text = "impl Block { fn new() -> Self { let x = 1 + 2 + 3; Self { x } } }";
    assert!(check_source("block.rs", text).is_empty());
    assert_eq!(count_kernels(&kernel("")), 1);
}
