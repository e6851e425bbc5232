using System.Globalization;

namespace WxBench.Workloads;

/// <summary>
/// `pressure`: round 1 is that of `asm` with count assemblies; each later round makes size MiB of small arrays, of which
/// the last 32 MiB are referenced. What the collector did in the later rounds is said at the end.
/// </summary>
internal sealed class PressureWorkload : IWorkload, IFigures
{
    private const int Mib = 1024 * 1024;
    private const int ArraySize = 16 * 1024;
    private const int Referenced = 32 * Mib / ArraySize;
    private const int OperationsInMethod = 20;

    private readonly AssemblyWorkload _assemblies = new(keep: false);
    private readonly byte[]?[] _window = new byte[]?[Referenced];
    private readonly long[] _collections = new long[GC.MaxGeneration + 1];
    private TimeSpan _paused;
    private long _inHighMemory;
    private GCMemoryInfo _last;

    public ulong Generate(int round, int count, int size)
    {
        if (round == 1)
        {
            return _assemblies.Generate(round, count, OperationsInMethod);
        }
        Count(-1);
        ulong checksum = MakeArrays(size * (Mib / ArraySize));
        Count(1);
        return checksum;
    }

    public void Drop()
    {
        _assemblies.Drop();
        Array.Clear(_window);
    }

    public IEnumerable<(string Name, long Value)> Figures()
    {
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"gen{generation}_collections");
            yield return (name, _collections[generation]);
        }
        yield return ("pause_ns", (long)_paused.TotalNanoseconds);
        yield return ("high_memory_collections", _inHighMemory);
        yield return ("memory_load_bytes", _last.MemoryLoadBytes);
        yield return ("high_memory_bytes", _last.HighMemoryLoadThresholdBytes);
        yield return ("heap_limit_bytes", _last.TotalAvailableMemoryBytes);
    }

    private ulong MakeArrays(int count)
    {
        ulong checksum = Checksum.Empty;
        int seen = GC.CollectionCount(0);
        for (int i = 0; i < count; i++)
        {
            byte[] array = new byte[ArraySize];
            array[i % ArraySize] = (byte)i;
            _window[i % Referenced] = array;
            checksum = Checksum.Add(checksum, array[i % ArraySize]);
            if (GC.CollectionCount(0) != seen)
            {
                seen = GC.CollectionCount(0);
                _last = GC.GetGCMemoryInfo(GCKind.Any);
                _inHighMemory += _last.MemoryLoadBytes >= _last.HighMemoryLoadThresholdBytes ? 1 : 0;
            }
        }
        return checksum;
    }

    /// <summary>Before (-1) and after (1) the arrays: the full collections of each step do not count.</summary>
    private void Count(int sign)
    {
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            _collections[generation] += sign * GC.CollectionCount(generation);
        }
        _paused += sign * GC.GetTotalPauseDuration();
    }
}
