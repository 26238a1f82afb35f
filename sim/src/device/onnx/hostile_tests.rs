//! Models that need unbounded memory, stack or time, or whose rows are not independent: one message each.

use super::bounds::MOST_OPERATORS;
use super::encode::{bytes, constant, flag, number, Dim, FLOAT};
use super::encode_graph::{floats, graph, graph_of, integers, operator};
use super::tests::{any, refusal, TempFile};
use super::*;
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

fn initializer(name: &str, dims: &[u64], raw: &[u8]) -> Vec<u8> {
    bytes(5, &constant(name, dims, FLOAT, raw))
}

/// `parts`, with a slope of the first electrode as output where they leave `v` alone.
fn assert_refused(name: &str, parts: &[Vec<u8>], expected: &str) {
    let text = refusal(name, &graph(any, parts));
    assert!(text.contains(expected), "{name}: {text}");
    assert!(!text.contains('\n') && text.len() < 500, "{name}: {text}");
}

#[test]
fn a_shape_too_large_is_refused_before_memory_is_taken() {
    let huge = [1 << 40, 1 << 20];
    assert_refused(
        "constant-of-shape",
        &[integers("s", &huge), operator("ConstantOfShape", "s", "i", &[])],
        "`ConstantOfShape` that makes `i` has the shape [1099511627776, 1048576], of at most",
    );
    assert_refused(
        "expand",
        &[integers("s", &[1 << 20, 1 << 20, 1, 2]), operator("Expand", "v s", "i", &[])],
        "[1048576, 1048576, 64, 2]",
    );
    // A column and a row of 3000, and the square of their sum's size a step further.
    let broadcast = [
        floats("column", &[3000, 1], &[0.0; 3000]),
        floats("row", &[1, 3000], &[0.0; 3000]),
        operator("Add", "column row", "i", &[]),
    ];
    assert_refused("broadcast", &broadcast, "[3000, 3000]");
    let stacked: Vec<Vec<u8>> = (0..30)
        .map(|n| {
            let from = if n == 0 { "v".into() } else { format!("x{}", n - 1) };
            operator("Concat", &format!("{from} {from}"), &format!("x{n}"), &flag("axis", 1))
        })
        .collect();
    assert_refused("doubled", &stacked, "of at most 4194304 elements");
    for (dims, expected) in [
        (&[1 << 32, 1 << 32][..], "has the shape [4294967296, 4294967296]"),
        (&[0, 1 << 60], "has the shape [0, 1152921504606846976]"),
        (&[u64::MAX, 2], "has a dimension of -1"),
        (&[3, 3], "has the shape [3, 3], but 1 elements"),
        (&[1; 9], "has 9 dimensions"),
    ] {
        assert_refused("dims", &[initializer("w", dims, &[0; 4])], expected);
    }
    let outside = [constant("w", &[1 << 30], FLOAT, &[]), number(14, 1)].concat();
    assert_refused("external", &[bytes(5, &outside)], "has its data in another file");
    let fixed = graph(|| Dim::Size(1 << 40), &[operator("Relu", "v", "i", &[])]);
    let text = refusal("rows", &fixed);
    assert!(text.contains("the input `v` has the shape [1099511627776, 2]"), "{text}");
}

#[test]
fn an_operator_whose_size_or_time_is_not_bounded_is_refused_by_name() {
    for kind in [
        "Tile", "Range", "Pad", "Resize", "Loop", "If", "Scan", "RandomNormal",
        "RandomUniformLike", "Dropout", "TopK", "CumSum", "NonZero", "LSTM", "Einsum", "OneHot",
        "NoSuchOperator",
    ] {
        let expected = format!("`{kind}` that makes `i` is not one that a surrogate may have");
        assert_refused(kind, &[operator(kind, "v v", "i", &[])], &expected);
    }
    let computed =
        [operator("Cast", "v", "n", &flag("to", 7)), operator("ConstantOfShape", "n", "i", &[])];
    assert_refused("computed", &computed, "takes input 1 from what is computed");
    let divided = [operator("Cast", "v", "n", &flag("to", 7)), operator("Div", "n n", "i", &[])];
    assert_refused("divided", &divided, "takes input 1 from what is computed");
    let picked = [operator("Cast", "v", "n", &flag("to", 7)), operator("Gather", "v n", "i", &[])];
    assert_refused("picked", &picked, "takes its indices from what is computed");
    // 2 to 1500 and 100 times 1500 to 1500: 1.4e10 products for 64 rows.
    let zeros = vec![0.0; 1500 * 1500];
    let mut deep = vec![
        floats("a", &[2, 1500], &zeros[..3000]),
        floats("w", &[1500, 1500], &zeros),
        operator("MatMul", "v a", "x0", &[]),
    ];
    deep.extend(
        (0..100).map(|n| operator("MatMul", &format!("x{n} w"), &format!("x{}", n + 1), &[])),
    );
    assert_refused("products", &deep, "more than 268435456 operations");
}

#[test]
fn a_chain_is_evaluated_on_a_small_stack_or_refused() {
    let chain = |length: usize| {
        let name = |n: usize| match n {
            0 => "v".into(),
            n => format!("x{n}"),
        };
        let mut parts: Vec<Vec<u8>> =
            (1..length).map(|n| operator("Neg", &name(n - 1), &name(n), &[])).collect();
        parts.push(floats("w", &[2, 1], &[1.0, 1.0]));
        parts.push(operator("MatMul", &format!("{} w", name(length - 1)), "i", &[]));
        parts
    };
    assert_refused("chain", &chain(20_001), "it has 20001 operators, of at most 2000");
    let file = TempFile::new("short-chain", &graph(any, &chain(MOST_OPERATORS)));
    let path = file.0.clone();
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let current = small.spawn(move || {
        let device = OnnxDevice::load(path).unwrap();
        let mut current_na = [0.0];
        device.currents_na(&[0.25, 0.5], &mut current_na);
        current_na[0]
    });
    // 1999 changes of sign.
    assert_eq!(current.unwrap().join().unwrap(), -0.75);
}

#[test]
fn a_file_that_decodes_to_much_more_than_itself_is_refused() {
    let nested = |field: u64, depth: usize| {
        // From the inside: prefixes of lengths that are known already, so this is not quadratic.
        let mut headers = Vec::new();
        let mut length = 0;
        for _ in 0..depth {
            let header = [number(field, 0)[0] | 2].into_iter().chain(super::encode::varint(length));
            let header: Vec<u8> = header.collect();
            length += header.len() as u64;
            headers.push(header);
        }
        headers.into_iter().rev().flatten().collect::<Vec<u8>>()
    };
    let subgraph = bytes(1, &bytes(5, &nested(6, 200_000)));
    assert_refused("subgraph", &[subgraph], "holds a graph of its own (If, Loop, Scan)");
    let sequence = bytes(13, &bytes(2, &nested(4, 200_000)));
    assert_refused("sequence", &[sequence], "a value is a sequence");
    assert_refused("empty-nodes", &[bytes(1, &[]).repeat(1 << 20)], "has more than 1048576 fields");
    let file = TempFile::new("long", &[]);
    std::fs::File::options().write(true).open(&file.0).unwrap().set_len(1 << 40).unwrap();
    let text = OnnxDevice::load(&file.0).unwrap_err().to_string();
    assert!(text.contains("larger than 32 MiB"), "{text}");
    let folder = OnnxDevice::load(std::env::temp_dir()).unwrap_err().to_string();
    assert!(folder.contains("it is a folder"), "{folder}");
}

#[test]
fn a_graph_that_is_no_order_of_operators_is_refused() {
    let circle = [operator("Add", "v b", "a", &[]), operator("Neg", "a", "b", &[])];
    assert_refused("circle", &circle, "takes `b`, which nothing before it makes");
    let twice = [operator("Neg", "v", "a", &[]), operator("Neg", "v", "a", &[])];
    assert_refused("twice", &twice, "makes a value that is there already");
    let escape = [operator("Bad\u{1b}[31m\nkind", "v", "i", &[])];
    assert_refused("escape", &escape, "`Bad\\u{1b}[31m\\nkind`");
}

#[test]
fn a_model_whose_row_depends_on_the_others_is_refused() {
    let sum = |parts: &[Vec<u8>]| {
        [&[floats("w", &[2, 1], &[1.0, 0.5]), operator("MatMul", "v w", "sum", &[])], parts]
            .concat()
    };
    let mean = operator("ReduceMean", "sum", "mean", &{
        let axes = [bytes(1, b"axes"), number(8, 0), number(20, 7)].concat();
        bytes(5, &axes)
    });
    let reversed = [
        integers("start", &[-1]),
        integers("end", &[i64::MIN + 1]),
        integers("axis", &[0]),
        integers("step", &[-1]),
        operator("Slice", "sum start end axis step", "i", &[]),
    ];
    let places: Vec<f32> = (0..64).map(|n| n as f32).collect();
    for (name, parts) in [
        ("mean", vec![mean.clone(), operator("Sub", "sum mean", "i", &[])]),
        (
            "share",
            vec![
                mean,
                floats("small", &[], &[1e-4]),
                operator("Mul", "mean small", "share", &[]),
                operator("Add", "sum share", "i", &[]),
            ],
        ),
        ("softmax", vec![operator("Softmax", "sum", "i", &flag("axis", 0))]),
        ("reversed", reversed.to_vec()),
        ("place", vec![floats("p", &[64, 1], &places), operator("Add", "sum p", "i", &[])]),
    ] {
        assert_refused(name, &sum(&parts), "depends on the other rows of its batch");
    }
    let mixed = [
        integers("flat", &[2, -1]),
        integers("tall", &[-1, 2]),
        floats("w", &[2, 1], &[1.0, 0.5]),
        operator("Reshape", "v flat", "a", &[]),
        operator("Transpose", "a", "b", &[]),
        operator("Reshape", "b tall", "c", &[]),
        operator("MatMul", "c w", "i", &[]),
    ];
    assert_refused("reshaped", &mixed, "depends on the other rows of its batch");
}

#[test]
fn one_small_output_that_depends_on_the_other_rows_is_enough_to_refuse_a_model() {
    // Output 0 is plain and large; output 1 a thousandth of it plus the mean of all rows.
    let mean = operator("ReduceMean", "second", "mean", &{
        let axes = [bytes(1, b"axes"), number(8, 0), number(20, 7)].concat();
        bytes(5, &axes)
    });
    let parts = [
        floats("w", &[2, 1], &[1000.0, 500.0]),
        floats("u", &[2, 1], &[1e-3, 1e-3]),
        operator("MatMul", "v w", "first", &[]),
        operator("MatMul", "v u", "second", &[]),
        mean,
        operator("Add", "second mean", "shared", &[]),
        operator("Concat", "first shared", "i", &flag("axis", 1)),
    ];
    let text = refusal("second", &graph_of(any, 2, &parts));
    assert!(text.contains("depends on the other rows of its batch"), "{text}");
}

#[test]
fn a_row_may_be_reshaped_and_joined_by_shapes_of_the_input() {
    let parts = [
        operator("Shape", "v", "shape", &[]),
        integers("zero", &[0]),
        integers("one", &[1]),
        integers("two", &[2]),
        integers("wide", &[4]),
        operator("Gather", "shape zero", "rows", &[]),
        operator("Concat", "rows wide", "to", &flag("axis", 0)),
        operator("Concat", "v v", "both", &flag("axis", 1)),
        operator("Reshape", "both to", "table", &[]),
        operator("Slice", "table one two one", "second", &[]),
        operator("Unsqueeze", "second two", "deep", &[]),
        operator("Squeeze", "deep two", "flat", &[]),
        operator("Tanh", "flat", "i", &[]),
    ];
    let file = TempFile::new("shapes", &graph(any, &parts));
    let device = OnnxDevice::load(&file.0).unwrap();
    let mut currents_na = [0.0; 3];
    device.currents_na(&[9.0, 0.1, 9.0, 0.2, 9.0, -0.3], &mut currents_na);
    for (current, volts) in currents_na.iter().zip([0.1f64, 0.2, -0.3]) {
        assert!((current - volts.tanh()).abs() < 1e-6, "{current} {volts}");
    }
}

#[test]
fn flipped_bits_give_a_model_or_a_sentence() {
    let parts = [
        floats("w", &[2, 4], &[0.5, -0.5, 1.0, 0.25, -1.0, 0.75, 0.1, 0.3]),
        floats("u", &[4, 1], &[1.0, -1.0, 0.5, 0.5]),
        integers("to", &[-1, 4]),
        operator("MatMul", "v w", "a", &[]),
        operator("Reshape", "a to", "b", &[]),
        operator("Tanh", "b", "c", &[]),
        operator("MatMul", "c u", "i", &[]),
    ];
    let sound = graph(any, &parts);
    let mut rng = ChaCha8Rng::seed_from_u64(16);
    let mut refused = 0;
    for _ in 0..400 {
        let mut bytes = sound.clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..bytes.len());
            bytes[at] ^= 1 << rng.random_range(0..8);
        }
        let file = TempFile::new("flipped", &bytes);
        if let Err(error) = OnnxDevice::load(&file.0) {
            refused += 1;
            let text = error.to_string();
            assert!(!text.contains('\n') && text.len() < 700, "{text}");
        }
    }
    assert!((100..400).contains(&refused), "{refused} of 400 refused");
}
