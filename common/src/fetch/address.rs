//! Which addresses may be connected to: public ones, and those an operator has listed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// The first two groups are enough to name the networks below.
const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// IANA's special-purpose registry for IPv4, with multicast and everything reserved.
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // Link-local; 169.254.169.254 gives cloud machines their credentials.
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// All there is of global unicast; loopback, local, site and multicast addresses lie outside.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What is not public inside it: protocol assignments with Teredo, documentation, 6to4.
const NOT_PUBLIC_V6: [Ipv6Net; 4] =
    [v6(0x2001, 0, 23), v6(0x2001, 0x0db8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

/// NAT64: the last four bytes are an IPv4 address that a gateway connects to.
const NAT64: Ipv6Net = v6(0x0064, 0xff9b, 96);

/// Says which addresses may be connected to.
#[derive(Debug, Clone, Default)]
pub(super) struct AddressRule {
    /// Networks that are allowed though they aren't public.
    pub(super) allow: Vec<IpNet>,
}

impl AddressRule {
    /// Whether a connection to the address is allowed.
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        let address = meant(address);
        is_public(address) || self.allow.iter().any(|network| network.contains(&address))
    }
}

/// The address that a connection ends at: an IPv4 one may be written inside an IPv6 one.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address.to_canonical() else {
        return address.to_canonical();
    };
    if !NAT64.contains(&v6) {
        return IpAddr::V6(v6);
    }
    let [.., a, b, c, d] = v6.octets();
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !NOT_PUBLIC_V4.iter().any(|network| network.contains(&v4)),
        IpAddr::V6(v6) => {
            GLOBAL_V6.contains(&v6) && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&v6))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(text: &str) -> bool {
        AddressRule::default().allows(text.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_allowed() {
        for text in [
            "1.1.1.1",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001:82a::200e",
            "::ffff:93.184.216.34",
            "64:ff9b::5db8:d822",
        ] {
            assert!(allows(text), "{text}");
        }
    }

    #[test]
    fn addresses_that_are_not_public_are_refused() {
        for text in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!allows(text), "{text}");
        }
    }

    #[test]
    fn listed_networks_are_allowed_in_every_spelling_and_nothing_beside_them() {
        let rule = AddressRule { allow: vec!["10.1.0.0/16".parse().unwrap()] };
        let allows = |text: &str| rule.allows(text.parse().unwrap());

        assert!(allows("10.1.2.3"));
        assert!(allows("::ffff:10.1.2.3"));
        assert!(allows("64:ff9b::a01:203"));
        assert!(!allows("10.2.0.1"));
        assert!(!allows("127.0.0.1"));
    }

    proptest! {
        #[test]
        fn an_address_and_its_mapped_spelling_fare_alike(bits in any::<u32>()) {
            let plain = Ipv4Addr::from_bits(bits);
            let rule = AddressRule::default();

            prop_assert_eq!(rule.allows(plain.into()), rule.allows(plain.to_ipv6_mapped().into()));
        }
    }
}
