using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// Room on the disk of the data folder: new work is refused before it is used up, and a reserve is given away when it is used up all the
/// same, so that results can still be stored and jobs erased.
/// </summary>
sealed partial class DiskSpace(IOptions<DataOptions> data, ILogger<DiskSpace> logger)
{
    const long Megabyte = 1024 * 1024;

    readonly string _folder = Path.GetFullPath(data.Value.Folder);
    readonly long _least = data.Value.MinFreeMegabytes * Megabyte;
    readonly long _reserve = data.Value.ReserveMegabytes * Megabyte;

    string Reserve => Path.Combine(_folder, "reserve");

    /// <summary>Call before reading an upload.</summary>
    /// <exception cref="ApiException">503: there is no room for more.</exception>
    public void Check()
    {
        if (Free() < _least)
        {
            throw ApiErrors.NoSpace();
        }
    }

    /// <summary>Gives the reserve away, for a write that failed because the disk is full; false when there is none (any more).</summary>
    public bool MakeRoom()
    {
        if (!File.Exists(Reserve))
        {
            return false;
        }

        File.Delete(Reserve);
        LogReserveGiven();
        return true;
    }

    /// <summary>Sets the reserve aside when there is room for it beyond what must be free.</summary>
    public void Refill()
    {
        if (_reserve == 0 || File.Exists(Reserve) || Free() < _least + _reserve)
        {
            return;
        }

        var part = $"{Reserve}.{JobId.Random()}";
        try
        {
            using (var file = File.Create(part))
            {
                // Real blocks: a file with a hole reserves nothing.
                var zeros = new byte[Megabyte];
                for (var written = 0L; written < _reserve; written += zeros.Length)
                {
                    file.Write(zeros);
                }
            }

            File.Move(part, Reserve, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    long Free() => new DriveInfo(_folder).AvailableFreeSpace;

    [LoggerMessage(LogLevel.Error, "The disk of the data folder is full; the reserve was given away so that results can be stored.")]
    partial void LogReserveGiven();
}
