//! What pickles may and may not do, as byte strings.

use super::{Node, Pickle, parse};

fn refused(bytes: &[u8], words: &str) {
    let message = parse(bytes).expect_err("should be refused").to_string();
    assert!(message.contains(words), "no \"{words}\" in: {message}");
}

fn root<'p>(pickle: &'p Pickle<'_>) -> &'p Node<'p> {
    pickle.node(pickle.root())
}

#[test]
fn values_of_protocols_2_to_5_are_read() {
    // {'a': (1, -2, 300, 2**33, True, None), 'b': [b'x', 'y', 1.5]}
    let pickle = parse(
        b"\x80\x04\x95\0\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94(K\x01J\xfe\xff\xff\xffM\x2c\x01\x8a\x05\
          \0\0\0\0\x02\x88Nt\x94\x8c\x01b\x94](C\x01x\x8c\x01yG?\xf8\0\0\0\0\0\0eu.",
    )
    .unwrap();
    let a = pickle
        .elements(pickle.get(pickle.root(), "a").unwrap())
        .unwrap();
    let ints: Vec<_> = a.iter().map(|&id| pickle.int(id)).collect();
    assert_eq!(
        ints,
        [Some(1), Some(-2), Some(300), Some(1 << 33), None, None]
    );
    let b = pickle
        .elements(pickle.get(pickle.root(), "b").unwrap())
        .unwrap();
    assert!(matches!(pickle.node(b[0]), Node::Bytes(b"x")));
    assert_eq!(pickle.text(b[1]), Some("y"));
}

/// What `pickle.dumps({'a': True, 'b': 5, 'c': (1, 2), 'd': 1.5, 'f': 2**40, 'g': 'x'}, protocol)` gives.
#[test]
fn values_of_protocols_0_and_1_are_read() {
    for bytes in [
        &b"(dp0\nVa\np1\nI01\nsVb\np2\nI5\nsVc\np3\n(I1\nI2\ntp4\nsVd\np5\nF1.5\nsVf\np6\nL1099511627776L\nsVg\np7\nS'x'\np8\ns."[..],
        b"}q\x00(X\x01\x00\x00\x00aq\x01I01\nX\x01\x00\x00\x00bq\x02K\x05X\x01\x00\x00\x00cq\x03(K\x01K\x02tq\x04X\x01\x00\x00\x00dq\x05G?\xf8\x00\x00\x00\x00\x00\x00X\x01\x00\x00\x00fq\x06L1099511627776L\nX\x01\x00\x00\x00gq\x07X\x01\x00\x00\x00xq\x08u.",
    ] {
        let pickle = parse(bytes).unwrap();
        let at = |key| pickle.get(pickle.root(), key).unwrap();
        assert!(matches!(pickle.node(at("a")), Node::Bool(true)));
        assert_eq!(pickle.int(at("b")), Some(5));
        let c: Vec<_> = pickle.elements(at("c")).unwrap().iter().map(|&id| pickle.int(id)).collect();
        assert_eq!(c, [Some(1), Some(2)]);
        assert!(matches!(pickle.node(at("d")), Node::Float(1.5)));
        assert_eq!(pickle.int(at("f")), Some(1 << 40));
        assert_eq!(pickle.text(at("g")), Some("x"));
    }
}

#[test]
fn negative_and_large_integers_keep_their_value() {
    for (bytes, expected) in [
        (&b"\x80\x02\x8a\0."[..], Some(0)),
        (b"\x80\x02\x8a\x01\xff.", Some(-1)),
        (b"\x80\x02\x8a\x02\xff\0.", Some(255)),
        (b"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01.", None),
    ] {
        let pickle = parse(bytes).unwrap();
        assert_eq!(pickle.int(pickle.root()), expected, "{bytes:?}");
    }
}

#[test]
fn a_call_is_only_recorded() {
    let pickle = parse(b"\x80\x02cos\nsystem\nX\x04\0\0\0exit\x85R.").unwrap();
    let call = pickle.object(pickle.root()).unwrap();
    assert_eq!(pickle.global(call.class), Some(("os", "system")));
    assert_eq!(
        pickle.text(pickle.elements(call.args).unwrap()[0]),
        Some("exit")
    );
}

#[test]
fn ordered_dicts_of_python_2_and_3_are_dictionaries() {
    for bytes in [
        // Items set afterwards, with attributes of the dictionary itself to be ignored.
        &b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\0\0\0aK\x01u}X\x01\0\0\0bK\x02sb."[..],
        // A list of pairs as the argument.
        b"\x80\x02ccollections\nOrderedDict\n](](X\x01\0\0\0aK\x01ee\x85R.",
    ] {
        let pickle = parse(bytes).unwrap();
        let value = pickle.get(pickle.root(), "a").and_then(|id| pickle.int(id));
        assert_eq!(value, Some(1));
        assert!(pickle.get(pickle.root(), "b").is_none());
    }
}

#[test]
fn what_is_not_a_pickle_is_refused_with_its_offset() {
    refused(b"", "at its byte 0: 1 bytes expected, 0 left");
    refused(b"\x80\x02", "at its byte 2");
    refused(b"\x80\x09N.", "protocol 9");
    refused(b"\x80\x02.", "a value is missing");
    refused(b"\x80\x02t.", "a mark is missing");
    refused(b"\x80\x02N(\x85.", "a value is missing");
    refused(b"\x80\x02h\x07.", "nothing remembered as 7");
    refused(b"\x80\x02}(Nu.", "a dictionary key without a value");
    refused(b"\x80\x02NNNs.", "isn't a dictionary");
    refused(
        b"\x80\x02X\xff\xff\xff\x7fabc",
        "2147483647 bytes expected, 3 left",
    );
    refused(
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc",
        "bytes expected, 3 left",
    );
    refused(b"\x80\x02\x82\x01.", "private registry");
    refused(b"\x80\x02cos", "a name without an end");
    refused(b"(iapp\nNet\n.", "unknown opcode 0x69");
    refused(b"g7\n.", "nothing remembered as 7");
    refused(b"gx\n.", "isn't a number");
    refused(b"Sx\n.", "without quotes");
}

#[test]
fn neither_depth_nor_cycles_overflow_the_stack() {
    // A list in a list in a list …, a million deep.
    let mut deep = vec![b']'; 1_000_000];
    deep.extend(vec![b'a'; 999_999]);
    deep.push(b'.');
    drop(parse(&deep).unwrap());
    // A list that holds itself.
    let pickle = parse(b"\x80\x02]q\x00h\x00a.").unwrap();
    assert!(matches!(root(&pickle), Node::List(items) if items == &[pickle.root()]));
}
