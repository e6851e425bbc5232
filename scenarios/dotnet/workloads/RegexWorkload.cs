using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace WxBench.Workloads;

/// <summary>
/// `regex`: count compiled regular expressions; size is the number of alternatives in a pattern. Each is matched
/// against a text that it must find, at a known place, and against one that it must not.
/// </summary>
internal sealed class RegexWorkload : IWorkload
{
    private readonly List<Regex> _live = [];

    public ulong Generate(int round, int count, int size)
    {
        ulong checksum = Checksum.Empty;
        for (int i = 0; i < count; i++)
        {
            checksum = Checksum.Add(checksum, (uint)CompileAndMatch(i, size));
        }
        return checksum;
    }

    public void Drop() => _live.Clear();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int CompileAndMatch(int index, int size)
    {
        var regex = new Regex(Pattern(index, size), RegexOptions.Compiled | RegexOptions.CultureInvariant);
        _live.Add(regex);

        string word = $"k{index}v{index % size}:{index + 7}";
        string text = $"k{index} {word}; k{index}v{size}:1;";
        Match match = regex.Match(text);
        int expected = text.IndexOf(word, StringComparison.Ordinal);
        int actual = match.Success && match.Groups["number"].Value == $"{index + 7}" ? match.Index : -1;
        if (actual != expected)
        {
            throw new WrongResultException($"pattern {index}", expected, actual);
        }
        return match.NextMatch().Success ? throw new WrongResultException($"pattern {index}, second match", 0, 1) : actual + match.Length;
    }

    /// <summary>`k3v0:NUMBER;` or `k3v1:NUMBER;` and so on, one alternative for each value.</summary>
    private static string Pattern(int index, int size)
    {
        IEnumerable<string> alternatives = Enumerable.Range(0, size).Select(value => $"k{index}v{value}");
        return $"(?:{string.Join('|', alternatives)}):(?<number>[0-9]+);";
    }
}
