namespace WxBench;

/// <summary>FNV-1a over whole numbers: two runs that computed the same print the same.</summary>
internal static class Checksum
{
    public const ulong Empty = 14_695_981_039_346_656_037;

    private const ulong Prime = 1_099_511_628_211;

    public static ulong Add(ulong checksum, ulong number)
    {
        for (int shift = 0; shift < 64; shift += 8)
        {
            checksum = unchecked((checksum ^ ((number >> shift) & 0xff)) * Prime);
        }
        return checksum;
    }
}
