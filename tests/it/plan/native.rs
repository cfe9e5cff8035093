//! Native code of conditions: it says what three-valued logic says, asks in order, and leaves no memory behind.

use super::setting::judged;
use mailfw::plan::cells::{CellId, Cells, Known};
use mailfw::plan::jit::{Answer, NativeCode, Operands};
use mailfw::plan::shape::{Shapes, Step};
use proptest::prelude::*;
use std::process::Command;

/// A condition over operands.
#[derive(Debug, Clone)]
enum Condition {
    Operand,
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

fn condition() -> impl Strategy<Value = Condition> {
    Just(Condition::Operand).prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Condition::All),
            proptest::collection::vec(inner, 0..5).prop_map(Condition::Any),
        ]
    })
}

fn steps(condition: &Condition, out: &mut Vec<Step>) {
    let count = |inner: &[Condition]| u32::try_from(inner.len()).unwrap();
    match condition {
        Condition::Operand => out.push(Step::Operand),
        Condition::Not(inner) => {
            out.push(Step::Not);
            steps(inner, out);
        }
        Condition::All(inner) => {
            out.push(Step::All(count(inner)));
            inner.iter().for_each(|inner| steps(inner, out));
        }
        Condition::Any(inner) => {
            out.push(Step::Any(count(inner)));
            inner.iter().for_each(|inner| steps(inner, out));
        }
    }
}

/// The condition in plain words: operands in order, leaving `and` and `or` where they are decided. `Err`: that operand has
/// not been asked.
fn expected(condition: &Condition, next: &mut u32, answers: &[Known]) -> Result<Known, u32> {
    let junction = |inner: &[Condition], next: &mut u32, all: bool| {
        let (neutral, decisive) = if all { (Known::True, Known::False) } else { (Known::False, Known::True) };
        let mut sum = neutral;
        let mut decided = false;
        for inner in inner {
            if decided {
                skip(inner, next);
                continue;
            }
            match expected(inner, next, answers)? {
                known if known == decisive => decided = true,
                Known::Unknown => sum = Known::Unknown,
                _ => {}
            }
        }
        Ok(if decided { decisive } else { sum })
    };
    match condition {
        Condition::Operand => {
            let at = *next;
            *next += 1;
            match answers[at as usize] {
                Known::Unasked => Err(at),
                known => Ok(known),
            }
        }
        Condition::Not(inner) => Ok(match expected(inner, next, answers)? {
            Known::True => Known::False,
            Known::False => Known::True,
            other => other,
        }),
        Condition::All(inner) => junction(inner, next, true),
        Condition::Any(inner) => junction(inner, next, false),
    }
}

fn skip(condition: &Condition, next: &mut u32) {
    match condition {
        Condition::Operand => *next += 1,
        Condition::Not(inner) => skip(inner, next),
        Condition::All(inner) | Condition::Any(inner) => inner.iter().for_each(|inner| skip(inner, next)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn code_says_what_three_valued_logic_says_and_asks_in_order(
        condition in condition(),
        seeds in proptest::collection::vec(any::<u64>(), 8),
    ) {
        let mut written = Vec::new();
        steps(&condition, &mut written);
        let operands = written.iter().filter(|step| **step == Step::Operand).count();
        let mut shapes = Shapes::default();
        let shape = shapes.intern(written);
        let code = NativeCode::compile(&shapes).unwrap();
        // Cells far apart, so that every word and shift is met.
        let cells: Vec<u32> = (0..operands).map(|at| u32::try_from(at * 37 % 500).unwrap()).collect();
        for seed in seeds {
            let mut bits = seed;
            let answers: Vec<Known> = cells.iter().map(|&cell| {
                bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(cell) | 1);
                Known::of(bits >> 60)
            }).collect();
            let mut state = Cells::new(512);
            for (&cell, &known) in cells.iter().zip(&answers) {
                state.set(CellId(cell), known);
            }
            let answers: Vec<Known> = cells.iter().map(|&cell| state.get(CellId(cell))).collect();
            let wanted = match expected(&condition, &mut 0, &answers) {
                Ok(Known::True) => Answer::True,
                Ok(Known::False) => Answer::False,
                Ok(Known::Unknown | Known::Unasked) => Answer::Unknown,
                Err(position) => Answer::Ask(position),
            };
            prop_assert_eq!(code.run(shape, state.words(), &Operands::new(cells.clone())), wanted);
        }
    }
}

#[test]
fn operands_beyond_the_cells_or_of_another_number_are_unknown() {
    let mut shapes = Shapes::default();
    let shape = shapes.intern(vec![Step::All(2), Step::Operand, Step::Operand]);
    let code = NativeCode::compile(&shapes).unwrap();
    let cells = Cells::new(64);
    assert_eq!(code.run(shape, cells.words(), &Operands::new(vec![0, 64])), Answer::Unknown);
    assert_eq!(code.run(shape, cells.words(), &Operands::new(vec![0])), Answer::Unknown);
    assert_eq!(code.run(shape, cells.words(), &Operands::new(vec![0, 63])), Answer::Ask(0));
}

/// Anonymous memory that can be executed, and all memory in use, of this process.
fn memory() -> (usize, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let executable = maps.lines().filter(|line| line.contains(" r-xp 00000000 00:00 0")).count();
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    (executable, pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096)
}

#[test]
#[ignore = "run by the test below, in a process of its own"]
fn reload_a_thousand_times() {
    let policies = "content policy one for senders { when body contains \"alpha\" unless subject contains \"x\" tag \"a\" }\n\
                    content policy two for senders { when sender in site or message.size > 1 MB tag \"b\" }";
    let reload = || drop(judged(policies));
    (0..100).for_each(|_| reload());
    let before = memory();
    (0..1_000).for_each(|_| reload());
    let after = memory();
    assert_eq!(before.0, after.0, "code of sets that are gone is gone");
    let grown = after.1.saturating_sub(before.1);
    assert!(grown < 4 << 20, "a thousand reloads leave {grown} bytes behind");
}

#[test]
fn a_thousand_reloads_leave_no_memory_behind() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "plan::native::reload_a_thousand_times", "--ignored", "--test-threads", "1"])
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && out.contains("1 passed"),
        "{out}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}
