using System.Net;
using TranscriptionApi.Outbound;

namespace TranscriptionApi.Tests.Outbound;

/// <summary>Every class of addresses at both of its edges, and the neighbours beyond them.</summary>
public sealed class AddressRulesTests
{
    static readonly AddressRules Rules = new(allowPrivate: false, []);
    static readonly AddressRules WithPrivate = new(allowPrivate: true, []);

    [Theory]
    [InlineData("this network", "0.0.0.0", "0.255.255.255", "", "1.0.0.0")]
    [InlineData("multicast, reserved and broadcast", "224.0.0.0", "239.255.255.255", "223.255.255.255", "")]
    [InlineData("reserved and broadcast", "240.0.0.0", "255.255.255.255", "", "")]
    [InlineData("link-local", "169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0")]
    [InlineData("protocol assignments", "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0")]
    [InlineData("documentation 1", "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0")]
    [InlineData("6to4 relays", "192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0")]
    [InlineData("benchmarks", "198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0")]
    [InlineData("documentation 2", "198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0")]
    [InlineData("documentation 3", "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0")]
    [InlineData("unspecified", "::", "::", "", "")]
    [InlineData("local NAT64", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "", "")]
    [InlineData("local NAT64 with a public address", "64:ff9b:1::8.8.8.8", "64:ff9b:1::1.1.1.1", "", "")]
    [InlineData("discard", "100::", "100::ffff:ffff:ffff:ffff", "", "")]
    [InlineData("below global unicast", "200::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2000::")]
    [InlineData("protocol assignments of IPv6", "2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2001:200::")]
    [InlineData("documentation of IPv6", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::")]
    [InlineData("more documentation of IPv6", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::")]
    [InlineData("above global unicast", "4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "")]
    [InlineData("link-local of IPv6", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "")]
    [InlineData("link-local with a zone", "fe80::1%1", "fe80::1%2", "", "")]
    [InlineData("site-local", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "")]
    [InlineData("multicast of IPv6", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "")]
    public void What_is_nobodys_web_server_is_refused_also_where_private_addresses_are_allowed(string name, string first, string last, string before, string after)
    {
        foreach (var rules in new[] { Rules, WithPrivate })
        {
            AssertEdges(rules, name, first, last, before, after);
        }
    }

    [Theory]
    [InlineData("private 10", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0")]
    [InlineData("carrier NAT", "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0")]
    [InlineData("loopback", "127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0")]
    [InlineData("private 172", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0")]
    [InlineData("private 192", "192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0")]
    [InlineData("loopback of IPv6", "::1", "::1", "", "")]
    [InlineData("unique local", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "")]
    public void Private_addresses_are_refused_unless_allowed(string name, string first, string last, string before, string after)
    {
        AssertEdges(Rules, name, first, last, before, after);
        Assert.True(WithPrivate.Allows(IPAddress.Parse(first)), first);
        Assert.True(WithPrivate.Allows(IPAddress.Parse(last)), last);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("fd00:ec2::254")]
    public void Metadata_services_are_refused_also_where_private_addresses_are_allowed(string address) =>
        Assert.False(WithPrivate.Allows(IPAddress.Parse(address)));

    [Theory]
    [InlineData("::ffff:{0}")]
    [InlineData("::ffff:0:{0}")]
    [InlineData("::{0}")]
    [InlineData("64:ff9b::{0}")]
    [InlineData("2002:{1}::1")]
    [InlineData("2001:0:{1}::f7f7:f7f7")] // Teredo with this server and the client 8.8.8.8
    [InlineData("2001:0:808:808::{2}")]   // Teredo with the server 8.8.8.8 and this client
    public void Address_in_disguise_is_judged_as_what_it_stands_for(string shape)
    {
        foreach (var (address, allowed) in new[] { ("8.8.8.8", true), ("127.0.0.1", false), ("10.1.2.3", false), ("169.254.169.254", false), ("0.0.0.5", false), ("224.0.0.1", false) })
        {
            var bytes = IPAddress.Parse(address).GetAddressBytes();
            var hex = $"{bytes[0]:x2}{bytes[1]:x2}:{bytes[2]:x2}{bytes[3]:x2}";
            var inverted = $"{(byte)~bytes[0]:x2}{(byte)~bytes[1]:x2}:{(byte)~bytes[2]:x2}{(byte)~bytes[3]:x2}";
            var disguised = IPAddress.Parse(string.Format(System.Globalization.CultureInfo.InvariantCulture, shape, address, hex, inverted));

            Assert.True(Rules.Allows(disguised) == allowed, $"{disguised} for {address}");
            Assert.Equal(address == "10.1.2.3" || allowed, new AddressRules(false, [IPNetwork.Parse("10.1.0.0/16")]).Allows(disguised));
        }
    }

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.0.0", true)]
    [InlineData("10.1.0.0/16", "10.1.255.255", true)]
    [InlineData("10.1.0.0/16", "10.2.0.0", false)]
    [InlineData("10.1.0.0/16", "10.0.255.255", false)]
    [InlineData("127.0.0.1/32", "127.0.0.1", true)]
    [InlineData("127.0.0.1/32", "127.0.0.2", false)]
    [InlineData("169.254.169.254/32", "169.254.169.254", true)]
    [InlineData("fd00:1::/32", "fd00:1:ffff::", true)]
    [InlineData("fd00:1::/32", "fd00:2::", false)]
    [InlineData("::1/128", "::1", true)]
    [InlineData("64:ff9b:1::/48", "64:ff9b:1::10.0.0.1", true)]
    public void Listed_network_is_allowed_whatever_it_is(string network, string address, bool allowed) =>
        Assert.Equal(allowed, new AddressRules(false, [IPNetwork.Parse(network)]).Allows(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.1.0.0/16", null)]
    [InlineData(" fd00:1::/32 ", null)]
    [InlineData("10.1.2.3/16", "Outbound:AllowedNetworks:0 is '10.1.2.3/16'")]
    [InlineData("10.1.0.0/33", "Outbound:AllowedNetworks:0 is '10.1.0.0/33'")]
    [InlineData("intranet", "Outbound:AllowedNetworks:0 is 'intranet'")]
    [InlineData("", "Outbound:AllowedNetworks:0 is ''")]
    public void Networks_are_checked_at_the_start(string network, string? message)
    {
        var options = new OutboundOptions { AllowedNetworks = [network] };
        var failures = new OutboundOptionsValidator().Validate(null, options);

        Assert.Equal(message is null, failures.Succeeded);
        Assert.StartsWith(message ?? "", failures.FailureMessage?.Split(": ", 2)[^1] ?? "");
    }

    static void AssertEdges(AddressRules rules, string name, string first, string last, string before, string after)
    {
        Assert.False(rules.Allows(IPAddress.Parse(first)), $"{name}: {first}");
        Assert.False(rules.Allows(IPAddress.Parse(last)), $"{name}: {last}");
        Assert.True(before.Length == 0 || rules.Allows(IPAddress.Parse(before)), $"before {name}: {before}");
        Assert.True(after.Length == 0 || rules.Allows(IPAddress.Parse(after)), $"after {name}: {after}");
    }
}
