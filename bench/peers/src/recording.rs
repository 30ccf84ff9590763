//! A recorded editing session, as apps/syncline/bench/recording.hpp describes it. Text beyond the Basic Multilingual Plane
//! is not read: positions mean the same to everybody then.

use serde_json::Value;

pub struct Patch {
    pub position: usize,
    pub removed: usize,
    pub inserted: String,
}

/// One transaction of one author; `received`: others' transactions that reached the author just before.
pub struct Edit {
    pub agent: usize,
    pub patches: Vec<Patch>,
    pub received: Vec<usize>,
}

pub struct Recording {
    pub concurrent: bool,
    pub agents: usize,
    pub start: Vec<Patch>,
    pub end: String,
    pub edits: Vec<Edit>,
}

fn number(value: &Value) -> usize {
    value.as_u64().expect("a count") as usize
}

fn items(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn text(value: &Value) -> String {
    let text = value.as_str().expect("a string");
    assert!(
        text.chars().all(|c| c as u32 <= 0xffff),
        "text beyond the Basic Multilingual Plane is not read"
    );
    text.to_owned()
}

fn patches(txn: &Value) -> Vec<Patch> {
    let patch = |fields: &[Value]| Patch {
        position: number(&fields[0]),
        removed: number(&fields[1]),
        inserted: text(&fields[2]),
    };
    items(&txn["patches"])
        .iter()
        .map(|fields| patch(items(fields)))
        .collect()
}

/// What each author had received before each of its transactions, in the order of the recording.
fn deliveries(txns: &[Value], agents: usize) -> Vec<Vec<usize>> {
    let mut known = vec![vec![false; txns.len()]; agents];
    let mut all = Vec::with_capacity(txns.len());
    for (index, txn) in txns.iter().enumerate() {
        let known = &mut known[number(&txn["agent"])];
        let mut received = Vec::new();
        let mut open: Vec<usize> = items(&txn["parents"]).iter().map(number).collect();
        while let Some(seen) = open.pop() {
            if !std::mem::replace(&mut known[seen], true) {
                received.push(seen);
                open.extend(items(&txns[seen]["parents"]).iter().map(number));
            }
        }
        known[index] = true;
        received.sort_unstable();
        all.push(received);
    }
    all
}

pub fn read(path: &str) -> Recording {
    let content = std::fs::read(path).expect("the recording can be read");
    let parsed: Value = serde_json::from_slice(&content).expect("the recording is JSON");
    let txns = items(&parsed["txns"]);
    let concurrent = parsed["kind"] == "concurrent";
    let agents = if concurrent { number(&parsed["numAgents"]) } else { 1 };
    let edits = if concurrent {
        let received = deliveries(txns, agents);
        let edit = |(txn, received): (&Value, Vec<usize>)| Edit {
            agent: number(&txn["agent"]),
            patches: patches(txn),
            received,
        };
        txns.iter().zip(received).map(edit).collect()
    } else {
        let edit = |patch| Edit {
            agent: 0,
            patches: vec![patch],
            received: Vec::new(),
        };
        txns.iter().flat_map(patches).map(edit).collect()
    };
    let start = parsed.get("startContent").map(text).unwrap_or_default();
    let start = if start.is_empty() {
        Vec::new()
    } else {
        vec![Patch {
            position: 0,
            removed: 0,
            inserted: start,
        }]
    };
    Recording {
        concurrent,
        agents,
        start,
        end: text(&parsed["endContent"]),
        edits,
    }
}
