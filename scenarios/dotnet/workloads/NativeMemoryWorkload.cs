using System.Runtime.InteropServices;

namespace WxBench.Workloads;

/// <summary>`native`: count blocks of malloc() of size KiB a round, written to and never freed. No code.</summary>
internal sealed class NativeMemoryWorkload : IWorkload
{
    private const int Kib = 1024;
    private const int PageSize = 4096;

    public ulong Generate(int round, int count, int size)
    {
        ulong checksum = Checksum.Empty;
        for (int i = 0; i < count; i++)
        {
            nint block = Marshal.AllocHGlobal(size * Kib);
            for (int at = 0; at < size * Kib; at += PageSize)
            {
                Marshal.WriteByte(block, at, (byte)(round + i));
            }
            checksum = Checksum.Add(checksum, Marshal.ReadByte(block));
        }
        return checksum;
    }

    public void Drop()
    {
    }
}
