//! Networks as ranges: which of a million networks holds an address is found by halving.

use super::TableSize;
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;

/// A set of networks. Those inside or beside others are joined, so what is kept are sorted ranges that do not touch: a
/// look-up halves them, about twenty steps for a million. Memory: 8 bytes a range of IPv4, 32 of IPv6.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NetworkTable {
    four: Box<[(u32, u32)]>,
    six: Box<[(u128, u128)]>,
}

impl NetworkTable {
    /// Whether an address is in one of the networks. An IPv4 address inside IPv6 is the IPv4 address. Does not allocate.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match ip.to_canonical() {
            IpAddr::V4(ip) => holds(&self.four, u32::from(ip)),
            IpAddr::V6(ip) => holds(&self.six, u128::from(ip)),
        }
    }

    /// Whether it has no network.
    pub fn is_empty(&self) -> bool {
        self.four.is_empty() && self.six.is_empty()
    }

    /// What it takes; a range is an entry without text.
    pub fn size(&self) -> TableSize {
        TableSize {
            entries: self.four.len() + self.six.len(),
            text_bytes: 0,
            bytes: size_of_val(&*self.four) + size_of_val(&*self.six) + size_of::<NetworkTable>(),
        }
    }
}

impl<'a> FromIterator<&'a IpNet> for NetworkTable {
    fn from_iter<T: IntoIterator<Item = &'a IpNet>>(networks: T) -> NetworkTable {
        let (mut four, mut six) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(network) => {
                    four.push((u32::from(network.network()), u32::from(network.broadcast())))
                }
                IpNet::V6(network) => {
                    six.push((u128::from(network.network()), u128::from(network.broadcast())))
                }
            }
        }
        NetworkTable {
            four: joined(four, |end| end.checked_add(1)),
            six: joined(six, |end| end.checked_add(1)),
        }
    }
}

impl fmt::Debug for NetworkTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkTable").field("ranges", &self.size().entries).finish_non_exhaustive()
    }
}

fn holds<T: Ord + Copy>(ranges: &[(T, T)], sought: T) -> bool {
    let after = ranges.partition_point(|&(start, _)| start <= sought);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|&(_, end)| sought <= end)
}

/// Sorted ranges that neither overlap nor touch; `next` is the number behind one, if there is one.
fn joined<T: Ord + Copy>(mut ranges: Vec<(T, T)>, next: impl Fn(T) -> Option<T>) -> Box<[(T, T)]> {
    ranges.sort_unstable();
    let mut joined: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match joined.last_mut() {
            Some((_, last)) if next(*last).is_none_or(|next| start <= next) => *last = end.max(*last),
            _ => joined.push((start, end)),
        }
    }
    joined.into()
}
