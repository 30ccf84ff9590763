//! syncline-bench-peers PEER RECORDING.json JOB REPEAT: one job with one native rival, answered as `syncline bench engine
//! --json` does. What is timed, and what is not, is the same as in apps/syncline/bench/recorded_jobs.cpp.

mod peers;
mod recording;

use peers::{Automerge, DiamondTypes, Loro, Replica, Yrs};
use recording::Recording;

const FIRST_CLIENT: u64 = 2_917_483_021;
const CLIENT_STEP: u64 = 7919;

fn cpu_ms() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

fn allocated() -> usize {
    let now = unsafe { libc::mallinfo2() };
    now.uordblks + now.hblkhd
}

#[derive(Default)]
struct Measured {
    cpu_ms: Vec<f64>,
    bytes: usize,
    allocated: usize,
    wrong: bool,
}

struct Bench<'a> {
    recording: &'a Recording,
    measured: Measured,
    updates: Vec<Vec<u8>>,
    state: Vec<u8>,
}

impl<'a> Bench<'a> {
    fn timed<T>(&mut self, work: impl FnOnce() -> T) -> T {
        if self.measured.cpu_ms.is_empty() {
            unsafe { libc::malloc_trim(0) };
        }
        let before = cpu_ms();
        let result = work();
        self.measured.cpu_ms.push(cpu_ms() - before);
        result
    }

    fn check(&mut self, text: &str) {
        self.measured.wrong |= text != self.recording.end;
    }

    fn make_updates<R: Replica>(&mut self) {
        if self.updates.is_empty() {
            self.updates = play::<R>(self.recording).1;
            self.updates.retain(|update| !update.is_empty());
        }
    }

    fn make_state<R: Replica>(&mut self, v2: bool) {
        if !self.state.is_empty() {
            return;
        }
        let mut all = R::new(FIRST_CLIENT + 1);
        if self.recording.concurrent {
            self.make_updates::<R>();
            for update in &self.updates {
                all.apply(update);
            }
        } else {
            all = R::new(FIRST_CLIENT);
            type_all(&mut all, self.recording);
        }
        self.state = all.encode(v2);
    }
}

fn type_all<R: Replica>(replica: &mut R, recording: &Recording) {
    if !recording.start.is_empty() {
        replica.edit(&recording.start);
    }
    for edit in &recording.edits {
        replica.edit(&edit.patches);
    }
}

/// The whole session with a replica an author, each receiving what it had received then.
fn play<R: Replica>(recording: &Recording) -> (Vec<R>, Vec<Vec<u8>>) {
    let mut authors: Vec<R> = (0..recording.agents)
        .map(|agent| R::new(FIRST_CLIENT + agent as u64 * CLIENT_STEP))
        .collect();
    let mut updates: Vec<Vec<u8>> = Vec::with_capacity(recording.edits.len() + 1);
    for author in &mut authors {
        author.listen();
    }
    if !recording.start.is_empty() {
        authors[0].edit(&recording.start);
        updates.push(authors[0].take());
    }
    for edit in &recording.edits {
        let author = &mut authors[edit.agent];
        for &index in &edit.received {
            if !updates[index].is_empty() {
                author.apply(&updates[index]);
            }
        }
        author.take();
        author.edit(&edit.patches);
        updates.push(author.take());
    }
    (authors, updates)
}

fn local<R: Replica>(bench: &mut Bench) {
    let mut replica = R::new(FIRST_CLIENT);
    let recording = bench.recording;
    bench.timed(|| type_all(&mut replica, recording));
    bench.check(&replica.text());
}

fn local_update<R: Replica>(bench: &mut Bench) {
    let mut replica = R::new(FIRST_CLIENT);
    replica.listen();
    let recording = bench.recording;
    bench.measured.bytes = bench.timed(|| {
        let mut bytes = 0;
        if !recording.start.is_empty() {
            replica.edit(&recording.start);
            bytes += replica.take().len();
        }
        for edit in &recording.edits {
            replica.edit(&edit.patches);
            bytes += replica.take().len();
        }
        bytes
    });
    bench.check(&replica.text());
}

fn remote<R: Replica>(bench: &mut Bench) {
    bench.make_updates::<R>();
    let updates = std::mem::take(&mut bench.updates);
    let mut replica = R::new(FIRST_CLIENT + 1);
    bench.timed(|| {
        for update in &updates {
            replica.apply(update);
        }
    });
    bench.measured.bytes = updates.iter().map(Vec::len).sum();
    bench.updates = updates;
    bench.check(&replica.text());
}

fn live<R: Replica>(bench: &mut Bench) {
    let recording = bench.recording;
    let (mut authors, updates) = bench.timed(|| play::<R>(recording));
    for author in &mut authors {
        for update in updates.iter().filter(|update| !update.is_empty()) {
            author.apply(update);
        }
        bench.check(&author.text());
    }
    bench.measured.bytes = updates.iter().map(Vec::len).sum();
}

fn merge<R: Replica>(bench: &mut Bench) {
    bench.make_updates::<R>();
    let updates = std::mem::take(&mut bench.updates);
    let fold = |all: &[Vec<u8>]| R::merge(all).expect("this peer cannot merge");
    let merged: Vec<Vec<u8>> = bench.timed(|| updates.chunks(1000).map(fold).collect());
    let mut replica = R::new(FIRST_CLIENT + 1);
    for update in &merged {
        replica.apply(update);
    }
    bench.measured.bytes = merged.iter().map(Vec::len).sum();
    bench.updates = updates;
    bench.check(&replica.text());
}

fn load<R: Replica>(bench: &mut Bench, v2: bool) {
    bench.make_state::<R>(v2);
    let state = std::mem::take(&mut bench.state);
    let text = bench.timed(|| {
        let replica = R::load(&state, v2, FIRST_CLIENT + 1);
        replica.text()
    });
    bench.measured.bytes = state.len();
    bench.state = state;
    bench.check(&text);
}

fn encode<R: Replica>(bench: &mut Bench, v2: bool) {
    bench.make_state::<R>(v2);
    let mut replica = R::load(&bench.state, v2, FIRST_CLIENT + 1);
    bench.measured.bytes = bench.timed(|| replica.encode(v2).len());
    bench.check(&replica.text());
}

fn memory<R: Replica>(bench: &mut Bench) {
    // The first two pay for what all share.
    bench.make_state::<R>(false);
    let state = std::mem::take(&mut bench.state);
    let mut loaded = Vec::new();
    let mut before = 0;
    for i in 0..12 {
        if i == 2 {
            before = allocated();
        }
        let replica = R::load(&state, false, FIRST_CLIENT + 1);
        let text = replica.text();
        bench.check(&text);
        loaded.push(replica);
    }
    bench.timed(|| ());
    bench.measured.allocated = (allocated() - before) / 10;
    bench.state = state;
}

fn run<R: Replica>(bench: &mut Bench, job: &str) {
    match job {
        "local" => local::<R>(bench),
        "local_update" => local_update::<R>(bench),
        "remote" => remote::<R>(bench),
        "live" => live::<R>(bench),
        "merge" => merge::<R>(bench),
        "load_v1" => load::<R>(bench, false),
        "load_v2" => load::<R>(bench, true),
        "encode_v1" => encode::<R>(bench, false),
        "encode_v2" => encode::<R>(bench, true),
        "memory" => memory::<R>(bench),
        _ => panic!("there is no job {job}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, peer, path, job, repeat] = &arguments[..] else {
        eprintln!("usage: syncline-bench-peers yrs|loro|automerge|diamond-types RECORDING.json JOB REPEAT");
        std::process::exit(2);
    };
    let recording = recording::read(path);
    let mut bench = Bench {
        recording: &recording,
        measured: Measured::default(),
        updates: Vec::new(),
        state: Vec::new(),
    };
    for _ in 0..repeat.parse::<usize>().expect("a number of repeats") {
        match peer.as_str() {
            "yrs" => run::<Yrs>(&mut bench, job),
            "loro" => run::<Loro>(&mut bench, job),
            "automerge" => run::<Automerge>(&mut bench, job),
            "diamond-types" => run::<DiamondTypes>(&mut bench, job),
            _ => panic!("there is no peer {peer}"),
        }
    }
    let measured = bench.measured;
    let ok = !measured.wrong;
    println!(
        "{}",
        serde_json::json!({"job": job, "edits": recording.edits.len(), "cpu_ms": measured.cpu_ms, "bytes": measured.bytes,
                           "rss_bytes": measured.allocated, "text_ok": ok})
    );
    std::process::exit(if ok { 0 } else { 1 });
}
