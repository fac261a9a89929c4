using System.Net;
using System.Net.Sockets;
using TranscriptionApi.Outbound;

namespace TranscriptionApi.Tests.Outbound;

public sealed class OutboundUrlTests
{
    [Theory]
    [InlineData("https://example.com/a.wav?token=x#y")]
    [InlineData(" http://example.com:8080/ ")]
    [InlineData("HTTPS://EXAMPLE.COM")]
    [InlineData("http://[2606:4700::1]/a")]
    [InlineData("http://1.1.1.1/")]
    [InlineData("http://bücher.example/größe.wav")]
    [InlineData("http://xn--bcher-kva.example/")]
    [InlineData("http://example.com./")]
    public void Url_of_the_web_is_taken(string text)
    {
        Assert.Null(OutboundUrl.Fault(text, out var url));
        Assert.NotNull(url);
    }

    [Theory]
    [InlineData("", "is no absolute URL.")]
    [InlineData("example.com/a.wav", "is no absolute URL.")]
    [InlineData("//example.com/a.wav", "is no http or https URL.")]
    [InlineData("/etc/passwd", "is no http or https URL.")]
    [InlineData("file:///etc/passwd", "is no http or https URL.")]
    [InlineData("ftp://example.com/a.wav", "is no http or https URL.")]
    [InlineData("data:audio/wav;base64,AAAA", "is no http or https URL.")]
    [InlineData("gopher://127.0.0.1:6379/_x", "is no http or https URL.")]
    [InlineData("javascript:alert(1)", "is no http or https URL.")]
    [InlineData("unix:/run/docker.sock", "is no http or https URL.")]
    [InlineData("http://", "is no absolute URL.")]
    [InlineData("http:///a.wav", "is no absolute URL.")]
    [InlineData("http://exa mple.com/", "is no absolute URL.")]
    [InlineData("http://%31%32%37.0.0.1/", "is no absolute URL.")]
    [InlineData("http://[::1", "is no absolute URL.")]
    [InlineData("http://example.com:99999/", "is no absolute URL.")]
    [InlineData("http://user@example.com/", "has a user name or password in it, which is not taken.")]
    [InlineData("https://user:secret@example.com/", "has a user name or password in it, which is not taken.")]
    [InlineData("http://example.com@127.0.0.1/", "has a user name or password in it, which is not taken.")]
    public void Anything_else_is_refused_with_a_reason(string text, string fault) => Assert.Equal(fault, OutboundUrl.Fault(text, out _));

    [Fact]
    public void Url_of_8192_characters_is_taken_and_a_longer_one_is_not()
    {
        const string Start = "https://example.com/";

        Assert.Null(OutboundUrl.Fault(Start + new string('x', OutboundUrl.MaxLength - Start.Length), out _));
        Assert.Equal("is longer than 8192 characters.", OutboundUrl.Fault(Start + new string('x', OutboundUrl.MaxLength + 1 - Start.Length), out _));
    }

    // Whatever way an address is spelt, what is judged is the address that is connected to.
    [Theory]
    [InlineData("http://2130706433/", "refused")]
    [InlineData("http://0x7f000001/", "refused")]
    [InlineData("http://0x7f.0.0.1/", "refused")]
    [InlineData("http://017700000001/", "refused")]
    [InlineData("http://0177.0.0.1/", "refused")]
    [InlineData("http://127.1/", "refused")]
    [InlineData("http://127.0.1/", "refused")]
    [InlineData("http://0/", "refused")]
    [InlineData("http://[::1]/", "refused")]
    [InlineData("http://[::]/", "refused")]
    [InlineData("http://[::ffff:127.0.0.1]/", "refused")]
    [InlineData("http://[0:0:0:0:0:ffff:7f00:1]/", "refused")]
    [InlineData("http://[64:ff9b::7f00:1]/", "refused")]
    [InlineData("http://127.0.0.1./", "refused")]
    [InlineData("http://localhost/", "refused")]
    [InlineData("http://localhost./", "refused")]
    [InlineData("http://LOCALHOST/", "refused")]
    [InlineData("http://①②⑦.0.0.1/", "not found")]
    [InlineData("http://127。0。0。1/", "refused")]
    public async Task Every_spelling_of_this_machine_is_refused(string text, string outcome)
    {
        // What is no address is looked up here as the operating system would do it, but never out on the network.
        using var http = new GuardedHttp(new AddressRules(false, []), (host, _) => Task.FromResult(
            host.TrimEnd('.').ToUpperInvariant() is "LOCALHOST" or "127.0.0.1" ? new[] { IPAddress.Loopback, IPAddress.IPv6Loopback } : []));
        Assert.Null(OutboundUrl.Fault(text, out var url));
        using var request = new HttpRequestMessage(HttpMethod.Get, url);

        var error = await Record.ExceptionAsync(() => http.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.Equal(outcome, error switch
        {
            AddressRefusedException => "refused",
            HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound } } => "not found",
            _ => $"{error}",
        });
    }
}
