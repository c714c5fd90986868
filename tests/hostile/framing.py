"""What is no frame, or half of one: each text by name, with what the rules say it deserves.

``IGNORED``: no answer, the socket goes on. A code: one CALLERROR with it. ``SERVED``: a CALLRESULT.
A number: the socket is closed with it.
"""

from __future__ import annotations

IGNORED, SERVED = "ignored", "served"
FORMATION, UNKNOWN, WRONG_WAY = "FormationViolation", "NotImplemented", "NotSupported"
TYPE, OCCURRENCE, PROPERTY = (
    "TypeConstraintViolation",
    "OccurenceConstraintViolation",
    "PropertyConstraintViolation",
)
_BEAT = '[2,"id","Heartbeat",{}]'
_DATA = '[2,"id","DataTransfer",{"vendorId":"x","data":%s}]'
_ANSWER = '[3,"x",{"a":%s}]'
_MANY = ",".join(f'"m{n}":0' for n in range(20_000))
_LIMIT = 262_144  # OCPP_MAX_FRAME_BYTES


def nested(levels: int, opening: str = "[", closing: str = "]") -> str:
    """Arrays (or whatever is given) inside each other."""
    return opening * levels + ("1" if opening != "[" else "") + closing * levels


Sent = str | bytes
# Whole frames: text, or bytes of a text frame that are no text.
FRAMES: dict[str, tuple[Sent, str | int]] = {
    # no JSON
    "empty": ("", IGNORED),
    "spaces": (" \t\r\n ", IGNORED),
    "prose": ("hello", IGNORED),
    "http in a frame": ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", IGNORED),
    "xml": ("<soap:Envelope/>", IGNORED),
    "half a frame": (_BEAT[:-1], IGNORED),
    "one bracket too many": (_BEAT + "]", IGNORED),
    "two frames in one": (_BEAT + _BEAT, IGNORED),
    "a comma at the end": ('[2,"id","Heartbeat",{},]', IGNORED),
    "single quotes": ("[2,'id','Heartbeat',{}]", IGNORED),
    "a comment": ('[2,"id","Heartbeat",{}]//x', IGNORED),
    "byte order mark": ("\ufeff" + _BEAT, IGNORED),
    "nul bytes": ("\x00" * 100, IGNORED),
    "nul inside": ('[2,"id","Heart\x00beat",{}]', IGNORED),
    "a raw line break in a text": ('[2,"id","Heart\nbeat",{}]', IGNORED),
    "NaN": ('[2,"id","Heartbeat",{"a":NaN}]', IGNORED),
    "Infinity": ('[2,"id","Heartbeat",{"a":-Infinity}]', IGNORED),
    "a number of 5,000 digits": ('[2,"id","Heartbeat",{"a":%s}]' % ("9" * 5000), IGNORED),
    "a number of 5,000 digits as type": ("[%s]" % ("9" * 5000), IGNORED),
    "an exponent without end": ('[2,"id","Heartbeat",{"a":1e999999999}]', IGNORED),
    "hexadecimal": ('[2,"id","Heartbeat",{"a":0x10}]', IGNORED),
    "a lone surrogate, escaped": ('[2,"id","Heartbeat",{"a":"\\ud800"}]', IGNORED),
    "surrogates the wrong way round": ('[2,"id","Heartbeat",{"a":"\\udc00\\ud800"}]', IGNORED),
    "a lone surrogate as id": ('[2,"\\udfff","Heartbeat",{}]', IGNORED),
    "half an escape": ('[2,"id","Heartbeat",{"a":"\\u00"}]', IGNORED),
    "50,000 brackets": ("[" * 50_000, IGNORED),
    "250,000 brackets": ("[" * 250_000, IGNORED),
    "50,000 braces": ('{"a":' * 50_000, IGNORED),
    "a million spaces less": (" " * 250_000, IGNORED),
    # JSON, but no array of type, id, content
    "null": ("null", IGNORED),
    "true": ("true", IGNORED),
    "a number": ("2", IGNORED),
    "a text": ('"Heartbeat"', IGNORED),
    "an object": ('{"2":"id"}', IGNORED),
    "an empty array": ("[]", IGNORED),
    "only a type": ("[2]", IGNORED),
    "an array in an array": (f"[{_BEAT}]", IGNORED),
    "a batch of frames": (f"[{_BEAT},{_BEAT}]", IGNORED),
    "type 0": ('[0,"id","Heartbeat",{}]', IGNORED),
    "type 1": ('[1,"id","Heartbeat",{}]', IGNORED),
    "type 5": ('[5,"id","Heartbeat",{}]', IGNORED),
    "type -2": ('[-2,"id","Heartbeat",{}]', IGNORED),
    "type 2.0": ('[2.0,"id","Heartbeat",{}]', IGNORED),
    "type of 20 digits": ('[18446744073709551618,"id","Heartbeat",{}]', IGNORED),
    "type as a text": ('["2","id","Heartbeat",{}]', IGNORED),
    "type true": ('[true,"id","Heartbeat",{}]', IGNORED),
    "type null": ('[null,"id","Heartbeat",{}]', IGNORED),
    "id first": ('["id",2,"Heartbeat",{}]', IGNORED),
    # ids
    "a number as id": ('[2,5,"Heartbeat",{}]', IGNORED),
    "null as id": ('[2,null,"Heartbeat",{}]', IGNORED),
    "an object as id": ('[2,{},"Heartbeat",{}]', IGNORED),
    "an array as id": ('[2,["id"],"Heartbeat",{}]', IGNORED),
    "an empty id": ('[2,"","Heartbeat",{}]', IGNORED),
    "an id of 256 characters": ('[2,"%s","Heartbeat",{}]' % ("x" * 256), IGNORED),
    "an id of 200,000 characters": ('[2,"%s","Heartbeat",{}]' % ("x" * 200_000), IGNORED),
    # arrays of every length
    "two elements": ('[2,"id"]', FORMATION),
    "three elements": ('[2,"id","Heartbeat"]', SERVED),
    "four elements": (_BEAT, SERVED),
    "five elements": ('[2,"id","Heartbeat",{},{}]', FORMATION),
    "six elements": ('[2,"id","Heartbeat",{},{},{}]', FORMATION),
    "80,000 elements": ('[2,"id"%s]' % (",1" * 80_000), FORMATION),
    # actions
    "a number as action": ('[2,"id",7,{}]', FORMATION),
    "null as action": ('[2,"id",null,{}]', FORMATION),
    "an array as action": ('[2,"id",["Heartbeat"],{}]', FORMATION),
    "an object as action": ('[2,"id",{"a":"Heartbeat"},{}]', FORMATION),
    "an empty action": ('[2,"id","",{}]', FORMATION),
    "an unknown action": ('[2,"id","Nonsense",{}]', UNKNOWN),
    "an action in small letters": ('[2,"id","heartbeat",{}]', UNKNOWN),
    "an action with a space": ('[2,"id","Heartbeat ",{}]', UNKNOWN),
    "the name of an answer": ('[2,"id","HeartbeatResponse",{}]', UNKNOWN),
    "an action of OCPP 2.0.1": ('[2,"id","TransactionEvent",{}]', UNKNOWN),
    "a path as action": ('[2,"id","../../etc/passwd",{}]', UNKNOWN),
    "a method of objects as action": ('[2,"id","__class__",{}]', UNKNOWN),
    "an action of 200,000 characters": ('[2,"id","%s",{}]' % ("A" * 200_000), UNKNOWN),
    "an action with NUL": ('[2,"id","Heart\\u0000beat",{}]', SERVED),
    "an action only we may send": ('[2,"id","Reset",{"type":"Hard"}]', WRONG_WAY),
    "another one": ('[2,"id","ChangeConfiguration",{"key":"a","value":"b"}]', WRONG_WAY),
    # payloads that are no objects
    "an array as payload": ('[2,"id","Heartbeat",[]]', FORMATION),
    "a text as payload": ('[2,"id","Heartbeat","{}"]', FORMATION),
    "a number as payload": ('[2,"id","Heartbeat",0]', FORMATION),
    "false as payload": ('[2,"id","Heartbeat",false]', FORMATION),
    "null as payload": ('[2,"id","Heartbeat",null]', SERVED),
    # nesting
    "33 arrays": (_DATA % nested(40), FORMATION),
    "900 objects": (_DATA % nested(900, '{"a":', "}"), FORMATION),
    "1,100 arrays": (_DATA % nested(1100), IGNORED),  # deeper than the parser goes: no id to answer
    "brackets inside a text": (_DATA % ('"%s"' % ("[{" * 5000)), SERVED),
    # members
    "a member twice": ('[2,"id","Authorize",{"idTag":5,"idTag":"A"}]', SERVED),
    "a member twice, the last one wrong": ('[2,"id","Authorize",{"idTag":"A","idTag":5}]', TYPE),
    "an empty name": ('[2,"id","Heartbeat",{"":1}]', SERVED),
    "a name that pollutes": ('[2,"id","Heartbeat",{"__proto__":{"a":1}}]', SERVED),
    "20,000 members": (
        _BEAT.replace("{}", "{" + _MANY + "}"),
        SERVED,
    ),
    # answers nobody asked for
    "an answer": ('[3,"x",{}]', IGNORED),
    "an answer without content": ('[3,"x"]', IGNORED),
    "an answer with a text": ('[3,"x","garbage"]', IGNORED),
    "an answer to an id that is a number": ("[3,5,{}]", IGNORED),
    "an answer too deep": (_ANSWER % nested(50), IGNORED),
    "an error": ('[4,"x","InternalError","",{}]', IGNORED),
    "an error of four elements": ('[4,"x","InternalError",""]', IGNORED),
    "an error of two elements": ('[4,"x"]', IGNORED),
    "an error with numbers": ('[4,"x",1,2,3]', IGNORED),
    "an error of 200,000 characters": ('[4,"x","%s","",{}]' % ("E" * 200_000), IGNORED),
    "a SEND of OCPP 2.1": ('[6,"x","NotifyPeriodicEventStream",{}]', IGNORED),
    # sizes
    "a text that just fits": (_DATA % ('"%s"' % ("x" * 262_000)), SERVED),
    "one character too many": ("x" * (_LIMIT + 1), 1009),
    "one byte too many": ("é" * (_LIMIT // 2 + 1), 1009),
    "a text of a megabyte": (_DATA % ('"%s"' % ("x" * 1_000_000)), 1009),
    # no text
    "UTF-8 cut off": (b'[2,"id","Heartbeat",{"a":"\xe2\x82', 1007),
    "Latin-1": (b'[2,"id","Heartbeat",{"a":"\xe9"}]', 1007),
    "overlong UTF-8": (b'[2,"id","Heartbeat",{"a":"\xc0\xaf"}]', 1007),
    "a surrogate as UTF-8": (b'[2,"id","Heartbeat",{"a":"\xed\xa0\x80"}]', 1007),
    "UTF-16": (_BEAT.encode("utf-16"), 1007),
}
# Ids a station may use: given back as they are.
IDS = [
    "x" * 255,
    "⚡",
    "a\x00b",
    "<script>",
    '"',
    " ",
    "\\u0000",
    "'; DROP TABLE x;--",
    "\u202e",
    "0",
]
