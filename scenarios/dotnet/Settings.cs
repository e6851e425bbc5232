using System.Globalization;

namespace WxBench;

/// <summary>What was typed makes no sense; the message says what and where.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The parameters of a run, `key=value` on the command line.</summary>
internal sealed record Settings
{
    /// <summary>The largest body: beyond it the JIT's own limits would decide what is measured.</summary>
    public const int LargestSize = 200_000;

    private const int LargestCount = 1_000_000;

    /// <summary>How often the work is repeated.</summary>
    public int Rounds { get; init; }

    /// <summary>How many units of code (assemblies, methods, contexts, patterns) a round makes.</summary>
    public int Count { get; init; }

    /// <summary>How large the body of each is in round 1, in the workload's own unit.</summary>
    public int Size { get; init; }

    /// <summary>How much larger each round's bodies are than those of the round before.</summary>
    public int Drift { get; init; }

    /// <summary>The body's size in a round, counted from 1: size + drift x (round - 1).</summary>
    public int SizeIn(int round) => Size + (Drift * (round - 1));

    /// <summary>These settings with `key=value` words applied to them.</summary>
    public Settings With(IEnumerable<string> words)
    {
        Settings settings = words.Aggregate(this, (current, word) => current.With(word));
        long largest = settings.Size + ((long)settings.Drift * (settings.Rounds - 1));
        return largest <= LargestSize
            ? settings
            : throw new UsageException($"size grows to {largest} in round {settings.Rounds}, at most {LargestSize} is possible");
    }

    private Settings With(string word)
    {
        int equals = word.IndexOf('=');
        string key = equals < 0 ? word : word[..equals];
        string value = equals < 0 ? "" : word[(equals + 1)..];
        return key switch
        {
            "rounds" => this with { Rounds = Number(key, value, 1, LargestCount) },
            "count" => this with { Count = Number(key, value, 1, LargestCount) },
            "size" => this with { Size = Number(key, value, 1, LargestSize) },
            "drift" => this with { Drift = Number(key, value, 0, LargestSize) },
            _ => throw new UsageException($"'{word}': expected rounds=N, count=N, size=N or drift=N"),
        };
    }

    private static int Number(string key, string value, int smallest, int largest)
    {
        bool ok = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return ok && number >= smallest && number <= largest
            ? number
            : throw new UsageException($"{key}='{value}': expected a whole number from {smallest} to {largest}");
    }
}
