//! Who may command a served instrument.

use crate::instruments::{configured, server};
use crate::raw::{hello, line, Answer, Raw};
use hge_driver::link::{Link, LinkError, Tcp, Token};
use hge_driver::{DriverError, Instrument, Settings};
use hge_lab::server::{self, tcp};
use hge_protocol::frame::{Notice, Operation, Reply, Status};
use hge_protocol::registers::{self as map, command, status, Access};

use hge_protocol::Analogue;
use hge_tests::nightly;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::Write;
use std::time::{Duration, Instant};

const IDLE: Duration = Duration::from_secs(1);

/// A server, its address and a link to it.
fn served(
    settings: server::Settings,
) -> (hge_lab::server::Listening, String, impl Fn() -> Box<dyn Link>) {
    let server = tcp::listen(server(settings), "0").unwrap();
    let address = server.address().to_string();
    let link = {
        let address = address.clone();
        move || Box::new(Tcp::open(&address).unwrap()) as Box<dyn Link>
    };
    (server, address, link)
}

fn kept() -> server::Settings {
    server::Settings { keep: true, idle: IDLE, ..server::Settings::default() }
}

/// Waits until something is so.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Every register that can be read but the time, which goes by itself.
fn registers(instrument: &Instrument) -> Vec<u32> {
    let outputs = instrument.parameters().outputs as usize;
    let readable = map::MAP.iter().filter(|register| register.access != Access::WriteOnly);
    let mut values = Vec::new();
    for register in readable.filter(|register| register.address != map::TIME) {
        let count = match register.address {
            map::GUARD => 4 * outputs,
            map::ANALOGUE => Analogue::room(outputs),
            map::TABLE => 64,
            _ => usize::from(register.count),
        };
        values.extend(instrument.read_many(register.address, count).unwrap());
    }
    values
}

/// Frames that would write, arm and begin, could they be read.
fn hostile_frames(random: &mut ChaCha8Rng) -> Vec<u8> {
    let nonce = random.random();
    let mut frames = hello(nonce);
    for sequence in 1..=random.random_range(1..6) {
        let scalars = [map::SCRATCH, map::WATCHDOG, map::SAMPLE_PERIOD, map::COMMAND, map::GUARD];
        let (address, value) = (*scalars.choose(random).unwrap(), random.random());
        frames.extend(line(Operation::Write, (nonce, sequence), address, &[value]));
    }
    frames
}

fn token_of(random: &mut ChaCha8Rng, characters: &[u8], most: usize) -> String {
    let count = random.random_range(1..=most);
    (0..count).map(|_| char::from(*characters.choose(random).unwrap())).collect()
}

/// A request of a browser or another program, with frames in its body.
fn http_request(random: &mut ChaCha8Rng) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let methods =
        ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PRI"];
    let method = match random.random_bool(0.8) {
        true => (*methods.choose(random).unwrap()).to_owned(),
        false => token_of(random, LETTERS, 12),
    };
    let body = hostile_frames(random);
    let mut headers = vec![
        format!("Host: {}:4000", token_of(random, b"abcxyz.-", 20)),
        format!("Origin: {}", ["null", "http://evil.example", "file://"].choose(random).unwrap()),
        format!(
            "Content-Type: {}",
            ["text/plain", "application/octet-stream"].choose(random).unwrap()
        ),
        format!("X-{}: {}", token_of(random, LETTERS, 8), token_of(random, LETTERS, 40)),
    ];
    let chunked = random.random_bool(0.4);
    headers.push(match chunked {
        true => "Transfer-Encoding: chunked".into(),
        false => format!("Content-Length: {}", body.len()),
    });
    if random.random_bool(0.3) {
        headers.push("Connection: Upgrade".into());
        headers.push("Upgrade: websocket".into());
    }
    rand::seq::SliceRandom::shuffle(&mut headers[..], random);
    // Frames may stand in the path, behind the head, or before the version.
    let mut request = Vec::new();
    if random.random_bool(0.2) {
        request.extend([b"\r\n" as &[u8], b"\0", b" ", b"\0\0\0"].choose(random).unwrap().iter());
    }
    request.extend(
        format!(
            "{method} /{} HTTP/1.{}\r\n",
            token_of(random, b"ab/%?=0", 30),
            random.random_range(0..2)
        )
        .bytes(),
    );
    headers.iter().for_each(|header| request.extend(format!("{header}\r\n").bytes()));
    request.extend(b"\r\n");
    if chunked {
        request.extend(format!("{:x}\r\n", body.len()).bytes());
    }
    request.extend(&body);
    if chunked {
        request.extend(b"\r\n0\r\n\r\n");
    }
    request
}

/// What other protocols begin with, and frames behind it.
fn other_protocol(random: &mut ChaCha8Rng) -> Vec<u8> {
    let begins: [&[u8]; 10] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x16\x03\x03\x00\x05",
        b"\x80\x2e\x01\x00\x02",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"EHLO example\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"\x05\x01\x00",
        b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
        b"\x00\x00\x00\x2f\xffSMB",
        b"\xff\xfd\x18\xff\xfd\x20",
    ];
    let mut bytes = begins.choose(random).unwrap().to_vec();
    bytes.extend((0..random.random_range(0..40)).map(|_| random.random::<u8>()));
    bytes.push(0);
    bytes.extend(hostile_frames(random));
    bytes
}

#[test]
fn requests_of_other_protocols_change_no_register_and_end_their_connection() {
    let (_server, address, link) = served(kept());
    let instrument = configured(link(), Settings::default());
    drop(instrument);
    let reader = Instrument::connect(link()).unwrap();
    let before = registers(&reader);
    let mut random = ChaCha8Rng::seed_from_u64(16);
    for trial in 0..nightly(1300, 260) {
        let bytes = match trial % 13 {
            0..10 => http_request(&mut random),
            _ => other_protocol(&mut random),
        };
        let mut raw = Raw::silent(&address, 1);
        // In pieces as a network may cut it; the server may have closed already.
        let cut = random.random_range(0..bytes.len());
        for piece in [&bytes[..cut], &bytes[cut..]] {
            let _ = raw.stream.write_all(piece);
        }
        assert!(matches!(raw.answer(), Answer::Closed), "trial {trial} was answered");
    }
    assert_eq!(registers(&reader), before);
    // And nobody is in control.
    Instrument::connect(link()).unwrap().take_control().unwrap();
}

#[test]
fn bytes_that_are_no_request_take_no_control() {
    let (_server, address, link) = served(kept());
    let whole = hello(7);
    let mut damaged = whole.clone();
    damaged[5] ^= 0x40;
    let unknown = {
        let mut line = Vec::new();
        hge_protocol::wire::seal(&[0x0000_0299, 7, 0], &mut line);
        line
    };
    let stay: Vec<Raw> = [
        &[][..],
        b"\0",
        b"\0\0\0\0",
        b"G",
        b"\x03",
        &whole[..whole.len() - 1],
        &damaged,
        &unknown,
        // Requests that only read.
        &whole,
        &[whole.clone(), line(Operation::Read, (7, 1), map::STATUS, &[0; 4])].concat(),
    ]
    .iter()
    .map(|bytes| {
        let mut raw = Raw::silent(&address, 1);
        raw.stream.write_all(bytes).unwrap();
        raw
    })
    .collect();
    std::thread::sleep(Duration::from_millis(100));
    let instrument = configured(link(), Settings::default());
    assert_eq!(instrument.read(map::LINK_FAULTS).unwrap(), 0);
    drop(stay);
}

#[test]
fn a_client_that_sends_damage_alone_is_turned_away() {
    let (_server, address, _) = served(kept());
    let mut raw = Raw::silent(&address, 1);
    let mut damaged = hello(7);
    damaged[5] ^= 0x40;
    for _ in 0..9 {
        let _ = raw.stream.write_all(&damaged);
    }
    assert!(matches!(raw.answer(), Answer::Closed));
    // One endless frame that begins like a request.
    let mut raw = Raw::silent(&address, 1);
    let _ = raw.stream.write_all(&[3; 1000]);
    assert!(matches!(raw.answer(), Answer::Closed));
}

#[test]
fn control_ends_without_requests_and_the_client_learns_it() {
    let (_server, address, link) = served(kept());
    drop(configured(link(), Settings::default()));
    // All connect first: a busy computer may take a second for it.
    let reader = Instrument::connect(link()).unwrap();
    let mut second = Raw::connect(&address, 12);
    let mut first = Raw::connect(&address, 11);
    let begun = Instant::now();
    first.command(command::ARM_HOST);
    assert_ne!(reader.read(map::STATUS).unwrap() & status::ARMED, 0);
    match second.write(map::SCRATCH, &[1]) {
        Answer::Notice(Notice::InUse, sentence) => {
            let holder = first.stream.local_addr().unwrap();
            assert!(sentence.contains(&format!("is controlled by {holder} since ")), "{sentence}");
            assert!(sentence.contains("control ends after 1 s without one"), "{sentence}");
        }
        other => panic!("{other:?}"),
    }
    // Neither damage nor requests of another session are a sign of life.
    until("control never ended", || {
        let _ = first.stream.write_all(&[1, 2, 3, 0]);
        let _ = first.stream.write_all(&line(Operation::Read, (99, 1), map::STATUS, &[0]));
        matches!(second.write(map::SCRATCH, &[1]), Answer::Reply(_))
    });
    assert!(begun.elapsed() >= IDLE, "{:?}", begun.elapsed());
    assert_eq!(reader.read(map::STATUS).unwrap() & status::ARMED, 0);
    match first.own_answer() {
        Answer::Notice(Notice::Released, sentence) => {
            assert!(sentence.contains("after 1 s without a request"), "{sentence}");
        }
        other => panic!("{other:?}"),
    }
    // It stays and reads, and may take control again when the other has left.
    assert_eq!(first.read(map::SCRATCH, 1), [1]);
    assert!(matches!(first.write(map::SCRATCH, &[2]), Answer::Notice(Notice::InUse, _)));
    drop(second);
    until("control was not free", || matches!(first.write(map::SCRATCH, &[2]), Answer::Reply(_)));
    assert_eq!(first.read(map::SCRATCH, 1), [2]);
}

#[test]
fn a_client_that_neither_reads_nor_asks_is_out_after_the_idle_time() {
    let (_server, address, link) = served(kept());
    drop(configured(link(), Settings::default()));
    let reader = Instrument::connect(link()).unwrap();
    let next = Instrument::connect(link()).unwrap();
    // Frozen in the midst of a capture of days: virtual time waits for it, nothing else does.
    let mut frozen = Raw::connect(&address, 11);
    assert!(matches!(frozen.write(map::CAPTURE_SAMPLES, &[u32::MAX]), Answer::Reply(_)));
    frozen.command(command::CAPTURE);
    assert_ne!(reader.read(map::STATUS).unwrap() & status::CAPTURING, 0);
    until("control never ended", || match next.take_control() {
        Ok(()) => true,
        Err(DriverError::InUse { .. }) => false,
        Err(error) => panic!("{error}"),
    });
    assert_eq!(next.read(map::STATUS).unwrap() & status::CAPTURING, 0);
}

#[test]
fn a_driver_keeps_control_while_it_has_nothing_to_ask() {
    let (_server, _, link) = served(kept());
    let instrument = configured(link(), Settings::default());
    std::thread::sleep(3 * IDLE);
    let other = Instrument::connect(link()).unwrap();
    assert!(matches!(other.take_control(), Err(DriverError::InUse { .. })));
    instrument.write(map::SCRATCH, 4).unwrap();
}

#[test]
fn a_client_beside_reads_every_register_and_disturbs_nothing() {
    let (_server, address, link) = served(kept());
    let instrument = configured(link(), Settings::default());
    let reader = Instrument::connect(link()).unwrap();
    assert_eq!(registers(&reader), registers(&instrument));
    let mut raw = Raw::connect(&address, 11);
    for n in 0..200 {
        instrument.write(map::SCRATCH, n).unwrap();
        assert_eq!(reader.read(map::SCRATCH).unwrap(), n);
        assert_eq!(raw.read(map::SCRATCH, 1), [n]);
        assert_eq!(instrument.read(map::SCRATCH).unwrap(), n);
    }
    // As an instrument answers: another nonce, a straggler, a register that is not there.
    raw.stream.write_all(&line(Operation::Read, (5, 1), map::SCRATCH, &[0])).unwrap();
    assert!(matches!(raw.answer(), Answer::Reply(Reply { status: Status::Session, .. })));
    raw.stream.write_all(&line(Operation::Read, (11, 100), map::SCRATCH, &[0])).unwrap();
    raw.stream.write_all(&line(Operation::Read, (11, 201), 0x00ff, &[0])).unwrap();
    let answer = raw.answer();
    assert!(
        matches!(answer, Answer::Reply(Reply { status: Status::BadAddress, sequence: 201, .. })),
        "{answer:?}"
    );
    // Once more: its reply is kept.
    raw.stream.write_all(&line(Operation::Read, (11, 201), 0x00ff, &[0])).unwrap();
    assert!(matches!(raw.answer(), Answer::Reply(Reply { status: Status::BadAddress, .. })));
}

#[test]
fn a_server_with_a_token_answers_nobody_without_it() {
    let token = Token::random().unwrap();
    let settings = server::Settings { token: Some(token.clone()), ..kept() };
    let (_server, address, link) = served(settings);
    let message = match Instrument::connect(link()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("connected without a token"),
    };
    assert!(message.starts_with("the server requires a token: give the file"), "{message}");
    for wrong in ["00000000000000000000000000000000", "12345678"] {
        match Tcp::open_with(&address, Some(&Token::parse(wrong).unwrap())) {
            Err(LinkError::Server { sentence }) => {
                assert!(sentence.starts_with("the server rejects this token"), "{sentence}");
            }
            other => panic!("{:?}", other.err()),
        }
    }
    // Whoever has shown none hears no telemetry either.
    let mut deaf = Raw::silent(&address, 1);
    let trusted = Tcp::open_with(&address, Some(&token)).unwrap();
    let mut instrument = configured(Box::new(trusted), Settings::default());
    assert_eq!(instrument.capture(100, 1).unwrap().len(), 100);
    deaf.stream.write_all(&line(Operation::Write, (1, 1), map::SCRATCH, &[1])).unwrap();
    assert!(matches!(deaf.answer(), Answer::Notice(Notice::Token, _)));
    assert!(matches!(deaf.answer(), Answer::Closed));
    assert_eq!(instrument.read(map::SCRATCH).unwrap(), 0);
}

#[test]
fn a_token_is_of_no_harm_where_none_is_asked_for() {
    let (_server, address, _) = served(kept());
    let link = Tcp::open_with(&address, Some(&Token::random().unwrap())).unwrap();
    configured(Box::new(link), Settings::default());
}

#[test]
fn an_address_that_others_reach_is_served_with_a_token_alone() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let open = tcp::listen(server(kept()), address);
        let message = open.map(|_| ()).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("{address} can be reached from other computers")),
            "{message}"
        );
        let settings = server::Settings { token: Some(Token::random().unwrap()), ..kept() };
        tcp::listen(server(settings), address).unwrap();
    }
}
