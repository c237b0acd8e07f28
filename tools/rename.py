"""Gives the firmware's names shorter ones for the chip, where each name costs RAM for ever.

The same name becomes the same in every module, so what it means does not change. Names that the
interpreter has in its own program cost nothing, so those that the firmware does not use are given
out first, then names of one and two letters. An attribute and a name that is no attribute may
share one: they are never looked up in the same place. So may what different modules have at their
top level, where no module imports both.

Left alone is what somebody else may ask for: names of MicroPython, names that a text mentions
(getattr, tables of keys), error classes, what boot.py, main.py or the REPL use.
"""

import ast
import builtins
import importlib.metadata
import io
import keyword
import string
import sys
import tokenize
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

from tools.bundle import BUNDLE
from tools.roles import WORD, Roles, bare_tree, names_in
from tools.trees import uncollected, walk

_STUBS = ("micropython-esp32-stubs", "micropython-stdlib-stubs")
# What the stubs do not have: machine.CAN (firmware/drivers/can/native.py), what asyncio keeps.
_NO_STUBS = "CAN set_filters restart get_counters get_timings cancel_send cur_task out_buf"
# Names in the program of MicroPython, on the ESP32 and on the PC: they take no RAM. None of them
# is looked up by the interpreter or by asyncio in an object that is handed to them.
_FREE = """
e n pi EIO GS8 INT PTR RAW aes bin chr cos erf exp hex inf md5 nan oct ord pow ps1 ps2 ptr sin sub
tan tau AUTO GZIP INT8 LONG UINT VOID ZLIB acos asin atan bind blit ceil cosh erfc fabs fill fmod
help line log2 mkfs mode modf poly ptr8 rect seed sha1 sinh sqrt tanh text uint ARRAY EBADF EPERM
INT16 INT32 INT64 MVLSB SHORT UINT8 ULONG acosh asinh atan2 atanh chdir crc32 deque expm1 float
floor frexp gamma group hline input isinf isnan ldexp log10 match phase pixel polar ptr16 ptr32
rfind rmdir round scroll trunc union vline BFINT8 BF_LEN BF_POS EACCES EAGAIN EEXIST EINVAL EISDIR
ENODEV ENOENT ENOMEM FileIO IOBase NATIVE POLLIN RGB565 Signal UINT16 UINT32 UINT64 USHORT VfsFat
accept atexit center choice cipher digest divmod filter getcwd invert lgamma listen little lstrip
random rindex rsplit rstrip search select sendto sha256 sizeof struct values BFINT16 BFINT32
BFUINT8 BytesIO ENOBUFS FLOAT32 FLOAT64 POLLERR POLLHUP POLLOUT PinBase VfsLfs1 VfsLfs2 compile
complex decrypt deflate degrees discard ellipse encrypt fromhex heapify heappop hexlify isalpha
isdigit islower isspace isupper popitem popleft radians randint statvfs time_ns uctypes uniform
AF_INET6 BFUINT16 BFUINT32 EALREADY ENOTCONN GS2_HMSB GS4_HMSB LONGLONG SOCK_RAW StringIO bytecode
bytes_at calcsize callable copysign framebuf fromkeys heappush ilistdir isfinite issubset kbd_intr
makefile mem_info recvfrom schedule sleep_us to_bytes CERT_NONE DeflateIO ETIMEDOUT MONO_HLSB
MONO_HMSB MONO_VLSB ULONGLONG addressof cryptolib errorcode fill_rect frozenset heap_lock
opt_level pack_into partition qstr_info randrange stack_use unhexlify BIG_ENDIAN EADDRINUSE
ECONNRESET EOPNOTSUPP SOCK_DGRAM SOL_SOCKET a2b_base64 appendleft b2a_base64 difference from_bytes
isdisjoint issubclass issuperset memoryview namedtuple rpartition setdefault setsockopt settimeout
splitlines EINPROGRESS FrameBuffer OrderedDict get_ciphers getrandbits heap_unlock server_side
set_ciphers unpack_from verify_mode wrap_socket ECONNABORTED ECONNREFUSED EHOSTUNREACH
FrameBuffer1 SO_BROADCAST SO_KEEPALIVE bytearray_at intersection CERT_OPTIONAL CERT_REQUIRED
LITTLE_ENDIAN TextIOWrapper time_pulse_us load_cert_chain server_hostname difference_update
PROTOCOL_TLS_CLIENT PROTOCOL_TLS_SERVER intersection_update symmetric_difference
load_verify_locations abs_tol rel_tol isclose bound_method closure generator getter setter deleter
indices hashes heapq cmath binascii disable isenabled threshold collect mem_alloc mem_free latest
deps urls branch package_json_url _install_json _install_package _download_file
_ensure_path_exists _rewrite_url _check_exists _chunk parse_headers status_code auth chunked
content head patch delete _cached _exc_context _exc_handler _promote_to_task _stopper _stop_task
_serve _attrs _dequeue _enqueue _task_queue poller backlog exc_type main_task return_exceptions
requesting runq_len waitq_len sgen stream_awrite out_buf exc tb cb dt sz src req off idx sep dest
keepends separators mem8 mem16 recv_into getpeercert do_handshake_on_connect verify_callback
start_new_thread allocate_lock get_ident stack_size LockType soft_reset unlink stat urandom
function cls dict_view single stop rb wb future NotImplemented func funcs doc
eval exec exit imag real sort argv coro gmtime mktime modify reversed localtime lookahead progsize
readsize newline buffering byteorder dict_keys dict_items dict_values globals aclose waiter
awritestr peername classmethod staticmethod get_extra_info get_event_loop run_forever
run_until_complete wait_io_event queue_read queue_write short_hash mem_total mem_current mem_peak
ticks_cpu platform version_info maxsize builtins reverse Ellipsis NoneType NameError SyntaxError
OverflowError AssertionError IndentationError ViperTypeError StopAsyncIteration SingletonGenerator
IOQueue TaskQueue ThreadSafeFlag set_exception_handler get_exception_handler call_exception_handler
default_exception_handler symmetric_difference_update _asyncio writeblocks readblocks SSLSocket
SO_REUSEADDR python_compiler libc_ver execfile
"""


@cache
def platform_names() -> frozenset[str]:
    """Every name that MicroPython on the ESP32 has, by its stubs, and Python's own."""
    with uncollected():
        return frozenset(_platform_names())


def _platform_names() -> set[str]:
    found = {*dir(builtins), *keyword.kwlist, *keyword.softkwlist, *_NO_STUBS.split()}
    for package in _STUBS:
        for file in importlib.metadata.files(package) or ():
            if file.suffix == ".pyi":
                text = Path(str(file.locate())).read_text(encoding="utf-8")
                found |= set(names_in(ast.parse(text)))
                found |= set(file.with_suffix("").parts)
    return found


def cheap_names() -> list[str]:
    """Names that cost no RAM."""
    return _FREE.split()


def cheap_modules() -> list[str]:
    """Names for modules that cost no RAM and that no module of MicroPython has."""
    files = [file for package in _STUBS for file in importlib.metadata.files(package) or ()]
    taken = {file.parts[0].partition(".")[0] for file in files} | sys.stdlib_module_names
    return [name for name in cheap_names() if name not in taken]


def words(source: str) -> set[str]:
    """Every name in a source, and every word in its texts; not those in its comments."""
    tree = bare_tree(source)
    found = set(names_in(tree))
    for node in walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(WORD.findall(node.value))
    return found


def _fresh(taken: set[str]) -> Iterator[str]:
    """Names to give out: those that cost nothing, then the shortest."""
    letters = string.ascii_letters
    short = (first + letter for first in ("", *letters) for letter in letters)
    for name in dict.fromkeys([*cheap_names(), *short]):
        if name not in taken:
            yield name


def short_names(
    sources: dict[str, str], outside: Set[str], platform: Set[str], last: tuple[str, ...] = ()
) -> dict[str, str]:
    """Old name -> new name for all sources (module -> text) together.

    `outside` and `platform` are left alone. Names of the joined module are served first, those
    of modules that begin like one of `last` come last.
    """
    trees = {module: bare_tree(source) for module, source in sources.items()}
    roles = Roles(trees.values(), trees)
    mentioned = roles.mentioned()
    wanted = roles.defined - roles.fixed - mentioned - outside
    # A private name is only ever ours where we define it, whatever MicroPython's modules have.
    wanted = {name for name in wanted if name[0] == "_" or name not in platform}
    wanted = {name for name in wanted if name[:2] != "__" and name != "_"}
    rank = dict.fromkeys(wanted, 2)
    for module in sorted(trees, key=lambda module: module != BUNDLE):
        place = 0 if module == BUNDLE else 2 if module.startswith(last or ("*",)) else 1
        for name in set(names_in(trees[module])) & wanted:
            rank[name] = min(rank[name], place)
    order = sorted(wanted, key=lambda name: (rank[name], name))
    taken = roles.all | mentioned | outside | set(keyword.kwlist)
    apart = roles.of_one_module(trees, BUNDLE) & wanted
    groups = _groups(apart & roles.attributes, trees) + _groups(apart - roles.attributes, trees)
    groups += [[name] for name in order if name not in apart]
    new: dict[str, str] = {}
    attribute, variable = _fresh(taken), _fresh(taken)
    both = [group for group in groups if roles.attributes & {*group} and roles.plain & {*group}]
    for group in both:
        new |= dict.fromkeys(group, next(attribute))
    shared = set(new.values())
    for group in (group for group in groups if group not in both):
        if group[0] in roles.attributes:
            short = next(attribute)
        else:
            short = next(short for short in variable if short not in shared)
        new |= dict.fromkeys(group, short)
    return new


def _groups(names: set[str], trees: dict[str, ast.Module]) -> list[list[str]]:
    """The names in groups that can share one: no module has two of a group."""
    places: dict[str, set[str]] = {name: set() for name in names}
    for module, tree in trees.items():
        for name in names & set(names_in(tree)):
            places[name].add(module)
    groups: list[tuple[list[str], set[str]]] = []
    for name in sorted(names, key=lambda name: (-len(places[name]), name)):
        free = next((pair for pair in groups if not pair[1] & places[name]), None)
        if free is None:
            free = ([], set())
            groups.append(free)
        free[0].append(name)
        free[1].update(places[name])
    return [group for group, _ in groups]


def renamed(source: str, new: dict[str, str]) -> str:
    """`source` with its names replaced; lines stay."""
    lines = source.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type == tokenize.NAME and token.string in new:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + new[token.string] + line[column + len(token.string) :]
    return "".join(lines)
