//! System calls by name: libseccomp's names, which are those that the kernel's own tables have.

use super::arch::Arch;
pub use super::table::TABLE;

/// An architecture does not have the call.
pub const ABSENT: u32 = u32::MAX;

/// A call as its place in [`TABLE`].
pub type Call = u16;

/// The call of a name, or `None` for one that no architecture has.
pub fn find(name: &str) -> Option<Call> {
    let found = TABLE.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Call::try_from(found).ok()
}

/// The number of a call, without the bit that marks those of x32.
pub fn number(call: Call, arch: Arch) -> Option<u32> {
    let (_, numbers) = TABLE.get(usize::from(call))?;
    numbers.get(arch.column()).copied().filter(|number| *number != ABSENT)
}

/// [`find`] while rcx itself is compiled: a name that does not exist stops the compiler.
pub const fn calls<const N: usize>(names: [&str; N]) -> [Call; N] {
    let mut found = [0; N];
    let mut at = 0;
    while at < N {
        found[at] = position(names[at].as_bytes());
        at += 1;
    }
    found
}

const fn position(name: &[u8]) -> Call {
    let (mut low, mut high) = (0, TABLE.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_less(TABLE[middle].0.as_bytes(), name) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert!(low < TABLE.len() && !is_less(name, TABLE[low].0.as_bytes()), "no system call has this name");
    low as Call
}

const fn is_less(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return one[at] < other[at];
        }
        at += 1;
    }
    one.len() < other.len()
}

/// The calls that i386 also has as one call with a number for its first argument (`linux/net.h`, `linux/ipc.h`): without a
/// rule for that door, none for the call itself would mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multiplexed {
    /// Number of `socketcall(2)` or `ipc(2)` on i386.
    pub door: u32,
    /// What its first argument is.
    pub operation: u32,
}

/// In the order of their operations, from 1 on.
const SOCKETCALLS: [Call; 20] = calls([
    "socket",
    "bind",
    "connect",
    "listen",
    "accept",
    "getsockname",
    "getpeername",
    "socketpair",
    "send",
    "recv",
    "sendto",
    "recvfrom",
    "shutdown",
    "setsockopt",
    "getsockopt",
    "sendmsg",
    "recvmsg",
    "accept4",
    "recvmmsg",
    "sendmmsg",
]);
const IPC_CALLS: [Call; 12] = calls([
    "semop",
    "semget",
    "semctl",
    "semtimedop",
    "msgsnd",
    "msgrcv",
    "msgget",
    "msgctl",
    "shmat",
    "shmdt",
    "shmget",
    "shmctl",
]);
const IPC_OPERATIONS: [u32; 12] = [1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24];

/// The second way to a call on i386.
pub fn multiplexed(call: Call) -> Option<Multiplexed> {
    const SOCKETCALL: u32 = 102;
    const IPC: u32 = 117;
    let place = |list: &[Call]| list.iter().position(|each| *each == call);
    if let Some(before) = place(&SOCKETCALLS) {
        return Some(Multiplexed { door: SOCKETCALL, operation: u32::try_from(before + 1).ok()? });
    }
    let operation = *IPC_OPERATIONS.get(place(&IPC_CALLS)?)?;
    Some(Multiplexed { door: IPC, operation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(TABLE.is_sorted_by(|(one, _), (other, _)| one < other));
        assert!(TABLE.iter().all(|(name, _)| find(name).is_some()));
        assert_eq!(find("no_such_call"), None);
    }

    #[test]
    fn numbers_are_those_of_libc() {
        let native = |name: &str| number(find(name).unwrap(), Arch::NATIVE).map(i64::from);
        for (name, number) in [
            ("read", libc::SYS_read),
            ("clone3", libc::SYS_clone3),
            ("socket", libc::SYS_socket),
            ("newfstatat", libc::SYS_newfstatat),
            ("futex_waitv", libc::SYS_futex_waitv),
        ] {
            assert_eq!(native(name), Some(number), "{name}");
        }
    }

    #[test]
    fn socket_and_ipc_calls_have_a_second_door_on_i386() {
        let door = |name: &str| multiplexed(find(name).unwrap()).map(|way| (way.door, way.operation));
        assert_eq!([door("socket"), door("sendmmsg")], [Some((102, 1)), Some((102, 20))]);
        assert_eq!(
            [door("semop"), door("msgsnd"), door("shmctl")],
            [Some((117, 1)), Some((117, 11)), Some((117, 24))]
        );
        assert_eq!([door("read"), door("mq_open")], [None, None]);
    }

    #[test]
    fn each_architecture_has_its_own() {
        let of = |name: &str| {
            [Arch::X86_64, Arch::X86, Arch::X32, Arch::Aarch64, Arch::Arm]
                .map(|arch| number(find(name).unwrap(), arch))
        };
        assert_eq!(of("open"), [Some(2), Some(5), Some(2), None, Some(5)]);
        assert_eq!(of("ioctl"), [Some(16), Some(54), Some(514), Some(29), Some(54)]);
        assert_eq!(of("mseal"), [Some(462); 5]);
        assert_eq!(of("socketcall"), [None, Some(102), None, None, None]);
        assert_eq!(of("set_tls"), [None, None, None, None, Some(0xf_0005)]);
    }
}
