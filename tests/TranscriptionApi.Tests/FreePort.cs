using System.Net;
using System.Net.Sockets;

namespace TranscriptionApi.Tests;

/// <summary>For programs that cannot choose a port themselves.</summary>
static class FreePort
{
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
