namespace WxBench.Workloads;

/// <summary>`heap`: count arrays of size KiB a round on the managed heap, never let go. No code.</summary>
internal sealed class HeapWorkload : IWorkload
{
    private const int Kib = 1024;
    private const int PageSize = 4096;

    private readonly List<byte[]> _live = [];

    public ulong Generate(int round, int count, int size)
    {
        ulong checksum = Checksum.Empty;
        for (int i = 0; i < count; i++)
        {
            byte[] block = new byte[size * Kib];
            for (int at = 0; at < block.Length; at += PageSize)
            {
                block[at] = (byte)(round + i);
            }
            _live.Add(block);
            checksum = Checksum.Add(checksum, block[0]);
        }
        return checksum;
    }

    public void Drop()
    {
    }
}
