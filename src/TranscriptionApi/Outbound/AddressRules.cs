using System.Net;
using System.Net.Sockets;

namespace TranscriptionApi.Outbound;

/// <summary>
/// Which addresses may be connected to on a client's word: public ones, and what the settings allow beyond them. An IPv6 address that
/// stands for an IPv4 address is judged as that one. The ranges are those of IANA's registries of special-purpose addresses.
/// </summary>
sealed class AddressRules(bool allowPrivate, IEnumerable<IPNetwork> allowed)
{
    // This machine and networks that people build: what Outbound:AllowPrivateAddresses opens.
    static readonly IPNetwork[] Private = Networks(
        "10.0.0.0/8", "127.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7");

    // Nobody's web server. Only a network named in Outbound:AllowedNetworks opens these.
    static readonly IPNetwork[] Special = Networks(
        "0.0.0.0/8",          // "this network"; Linux takes 0.0.0.0 for itself
        "169.254.0.0/16",     // link-local, with the metadata services of clouds
        "100.100.100.200/32", // metadata service of Alibaba, in the middle of a private range
        "fd00:ec2::/32",      // metadata service of Amazon, likewise
        "192.0.0.0/24",       // protocol assignments
        "192.0.2.0/24",       // documentation
        "192.88.99.0/24",     // 6to4 relays
        "198.18.0.0/15",      // benchmarks
        "198.51.100.0/24",    // documentation
        "203.0.113.0/24",     // documentation
        "224.0.0.0/4",        // multicast
        "240.0.0.0/4",        // reserved, and broadcast
        "2001::/23",          // protocol assignments, benchmarks, ORCHID
        "2001:db8::/32",      // documentation
        "3fff::/20");         // documentation

    // All else in IPv6 is unassigned or special: ::, discard, local NAT64 (where its IPv4 address stands is the operator's secret),
    // link-local, site-local, multicast.
    static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    static readonly (IPNetwork Network, Func<byte[], IPAddress[]> Meant)[] Embedding =
    [
        (IPNetwork.Parse("::ffff:0:0/96"), bytes => [At(bytes, 12)]),   // IPv4-mapped
        (IPNetwork.Parse("::ffff:0:0:0/96"), bytes => [At(bytes, 12)]), // IPv4-translated
        (IPNetwork.Parse("::/96"), bytes => [At(bytes, 12)]),           // IPv4-compatible
        (IPNetwork.Parse("64:ff9b::/96"), bytes => [At(bytes, 12)]),    // NAT64
        (IPNetwork.Parse("2002::/16"), bytes => [At(bytes, 2)]),        // 6to4
        (IPNetwork.Parse("2001::/32"), bytes => [At(bytes, 4), Inverted(bytes)]), // Teredo: its server, its client
    ];

    readonly IPNetwork[] _allowed = [.. allowed];

    public bool Allows(IPAddress address)
    {
        // :: and ::1 are addresses of their own and no IPv4 addresses in disguise.
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !address.Equals(IPAddress.IPv6Any) && !address.Equals(IPAddress.IPv6Loopback)
            && Array.Find(Embedding, row => row.Network.Contains(address)).Meant is { } meant)
        {
            return Array.TrueForAll(meant(address.GetAddressBytes()), Allows);
        }

        return IsIn(_allowed, address)
            || (!IsIn(Special, address) && (IsIn(Private, address)
                ? allowPrivate
                : address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address)));
    }

    static bool IsIn(IPNetwork[] networks, IPAddress address) => Array.Exists(networks, network => network.Contains(address));

    static IPAddress At(byte[] bytes, int start) => new(bytes.AsSpan(start, 4));

    static IPAddress Inverted(byte[] bytes) => new([(byte)~bytes[12], (byte)~bytes[13], (byte)~bytes[14], (byte)~bytes[15]]);

    static IPNetwork[] Networks(params string[] networks) => [.. networks.Select(network => IPNetwork.Parse(network))];
}
