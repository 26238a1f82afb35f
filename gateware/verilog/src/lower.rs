//! Converts rust-hdl's syntax tree of a kernel to typed statements.

use super::expression::Lowerer;
use super::ir::{Label, Literal, Stmt, Type};
use super::scope::Scope;
use super::EmitError;
use rust_hdl::core::ast::{
    VerilogBlockOrConditional, VerilogConditional, VerilogExpression, VerilogMatch,
    VerilogStatement,
};

/// The statements of a kernel, typed, loops unrolled.
pub(super) fn lower(scope: &Scope, block: &[VerilogStatement]) -> Result<Vec<Stmt>, EmitError> {
    let mut out = Vec::new();
    Lowerer::new(scope).block(block, &mut out)?;
    Ok(out)
}

impl Lowerer<'_> {
    fn block(&mut self, block: &[VerilogStatement], out: &mut Vec<Stmt>) -> Result<(), EmitError> {
        for statement in block {
            self.statement(statement, out)?;
        }
        Ok(())
    }

    fn nested(&mut self, block: &[VerilogStatement]) -> Result<Vec<Stmt>, EmitError> {
        let mut out = Vec::new();
        self.block(block, &mut out)?;
        Ok(out)
    }

    fn statement(
        &mut self,
        statement: &VerilogStatement,
        out: &mut Vec<Stmt>,
    ) -> Result<(), EmitError> {
        match statement {
            VerilogStatement::Assignment(target, value) => {
                let target = self.target(target)?;
                let ty = self.scope.nets[target].ty.clone();
                let value = self.typed(value, &ty)?;
                out.push(Stmt::Assign { target, field: None, value });
            }
            VerilogStatement::SliceAssignment { base, width, offset, replacement } => {
                let target = self.target(base)?;
                let offset = self.position(offset)?.ok_or_else(|| {
                    self.scope.unsupported("a bit assigned at a position that varies")
                })?;
                let ty = self.field_type(target, offset, *width)?;
                let value = self.typed(replacement, &ty)?;
                out.push(Stmt::Assign { target, field: Some((offset, *width)), value });
            }
            VerilogStatement::If(conditional) => out.push(self.conditional(conditional)?),
            VerilogStatement::Match(case) => out.push(self.case(case)?),
            VerilogStatement::Loop(body) => {
                for index in body.from.as_usize()..body.to.as_usize() {
                    let outer = self.loops.insert(body.index.clone(), index as i64);
                    self.block(&body.block, out)?;
                    match outer {
                        Some(value) => self.loops.insert(body.index.clone(), value),
                        None => self.loops.remove(&body.index),
                    };
                }
            }
            VerilogStatement::Comment(text) => out.push(Stmt::Comment(comment_text(text))),
            VerilogStatement::Link(_) => {
                return Err(self.scope.unsupported("`join` and `link`; assign each signal"))
            }
            VerilogStatement::Macro(block) => self.block(block, out)?,
        }
        Ok(())
    }

    fn target(&self, target: &VerilogExpression) -> Result<usize, EmitError> {
        let VerilogExpression::Signal(name) = target else {
            return Err(self.scope.unsupported(format!("an assignment to {target:?}")));
        };
        self.net(name)
    }

    fn conditional(&mut self, conditional: &VerilogConditional) -> Result<Stmt, EmitError> {
        let test = self.typed(&conditional.test, &Type::unsigned(1))?;
        let then = self.nested(&conditional.then)?;
        let otherwise = match &conditional.otherwise {
            VerilogBlockOrConditional::Block(block) => self.nested(block)?,
            VerilogBlockOrConditional::Conditional(statement) => {
                let mut out = Vec::new();
                self.statement(statement, &mut out)?;
                out
            }
            VerilogBlockOrConditional::None => Vec::new(),
        };
        Ok(Stmt::If { test, then, otherwise })
    }

    fn case(&mut self, case: &VerilogMatch) -> Result<Stmt, EmitError> {
        let test = self.expression(&case.test, None)?;
        let mut arms = Vec::new();
        for arm in &case.cases {
            let label = self.label(&arm.condition, &test.ty)?;
            arms.push((label, self.nested(&arm.block)?));
        }
        Ok(Stmt::Case { test, arms })
    }

    fn label(&self, condition: &str, ty: &Type) -> Result<Label, EmitError> {
        if condition == "default" {
            return Ok(Label::Default);
        }
        if let Some((variant, _)) = self.scope.variant(condition) {
            return if variant.matches(ty) {
                Ok(Label::Variant(condition.to_owned()))
            } else {
                Err(self.scope.unsupported(format!("`match` arm `{condition}` of another type")))
            };
        }
        let value = match condition {
            "true" => Some(1),
            "false" => Some(0),
            _ => parse_integer(condition),
        };
        match value.filter(|value| Literal::from_u64(*value, ty.width).is_some()) {
            Some(value) => Ok(Label::Literal(value)),
            None => Err(self.scope.unsupported(format!(
                "`match` arm `{condition}`: neither a variant nor a number in range"
            ))),
        }
    }
}

/// The text between the quotes of `comment!("...")`.
///
/// The macro takes the ends off only where the compiler spaces the tokens as it expects.
fn comment_text(text: &str) -> String {
    let is_whole = ["comment", "println", "assert"]
        .iter()
        .filter_map(|name| text.trim_start().strip_prefix(name))
        .any(|rest| rest.trim_start().starts_with('!'));
    let inner = match text.split_once('"') {
        Some((_, inner)) if is_whole => inner,
        _ => text,
    };
    let inner = inner.trim_end().trim_end_matches([';', ')']);
    let inner = inner.strip_suffix('"').unwrap_or(inner).replace("\\\"", "\"");
    inner.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The value of a Rust integer literal.
fn parse_integer(text: &str) -> Option<u64> {
    let text = text.replace([' ', '_'], "");
    let digits = match text.find(['u', 'i']) {
        Some(suffix) => &text[..suffix],
        None => &text,
    };
    if let Some(hex) = digits.strip_prefix("0x") {
        u64::from_str_radix(hex, 16).ok()
    } else if let Some(binary) = digits.strip_prefix("0b") {
        u64::from_str_radix(binary, 2).ok()
    } else {
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{comment_text, parse_integer};

    #[test]
    fn comments_lose_what_is_around_them() {
        assert_eq!(comment_text("comment!\n(\"Of the last (or first)."), "Of the last (or first).");
        assert_eq!(comment_text("comment! (\"one\\\"two\")"), "one\"two");
        assert_eq!(comment_text("assert the line"), "assert the line");
    }

    #[test]
    fn integer_patterns_are_read() {
        assert_eq!(parse_integer("0x1F"), Some(31));
        assert_eq!(parse_integer("1_000u64"), Some(1000));
        assert_eq!(parse_integer("0b101"), Some(5));
        assert_eq!(parse_integer("Idle"), None);
    }
}
