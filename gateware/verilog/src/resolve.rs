//! rust-hdl's spelling of names: loop variables, array indices and paths.

use std::collections::BTreeMap;

/// The values of the loop variables around a statement.
pub(super) type Loops = BTreeMap<String, i64>;

/// The key of a net as the probe spells it (`x[i+1]$d$next` is `x$3$d`), or what is wrong with it.
pub(super) fn resolve(name: &str, loops: &Loops) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = name.trim_start_matches('.');
    while let Some((before, after)) = rest.split_once('[') {
        let (index, after) = after
            .split_once(']')
            .ok_or_else(|| format!("`{name}` has an index inside an index"))?;
        let value = evaluate(index, loops).ok_or_else(|| {
            format!(
                "the index of `{name}` is not made of numbers, loop variables, `+`, `-` and `*`"
            )
        })?;
        out += before;
        out += &format!("${value}");
        rest = after;
    }
    out += rest;
    let out = out.replace("::", "$").replace('.', "$");
    Ok(out.strip_suffix("$next").unwrap_or(&out).to_owned())
}

/// The value of an index expression.
pub(super) fn evaluate(text: &str, loops: &Loops) -> Option<i64> {
    let mut parser = Parser { text: text.trim(), loops };
    let value = parser.sum()?;
    parser.text.is_empty().then_some(value)
}

struct Parser<'a> {
    text: &'a str,
    loops: &'a Loops,
}

impl Parser<'_> {
    fn eat(&mut self, token: char) -> bool {
        match self.text.strip_prefix(token) {
            Some(rest) => {
                self.text = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Option<i64> {
        let mut value = self.product()?;
        loop {
            if self.eat('+') {
                value = value.checked_add(self.product()?)?;
            } else if self.eat('-') {
                value = value.checked_sub(self.product()?)?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<i64> {
        let mut value = self.factor()?;
        while self.eat('*') {
            value = value.checked_mul(self.factor()?)?;
        }
        Some(value)
    }

    fn factor(&mut self) -> Option<i64> {
        if self.eat('(') {
            let value = self.sum()?;
            return self.eat(')').then_some(value);
        }
        let end = self
            .text
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest.trim_start();
        match self.loops.get(word) {
            Some(value) => Some(*value),
            None => word.trim_end_matches("usize").parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_the_probe_spells_them() {
        let loops = Loops::from([("i".to_owned(), 2)]);
        assert_eq!(resolve("x[i+1]$d$next", &loops), Ok("x$3$d".into()));
        assert_eq!(resolve("x[2*i][0]$q", &loops), Ok("x$4$0$q".into()));
        assert_eq!(resolve("x[(i-1)]", &loops), Ok("x$1".into()));
        assert_eq!(resolve("next_one$d$next", &loops), Ok("next_one$d".into()));
        assert!(resolve("x[N-1]", &loops).is_err());
        assert!(resolve("x[y[0]$val()]", &loops).is_err());
    }
}
