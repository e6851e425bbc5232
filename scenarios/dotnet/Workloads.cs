using WxBench.Workloads;

namespace WxBench;

/// <summary>A row of the table: a name, what the program does under it, and its parameters where none are given.</summary>
internal sealed record WorkloadEntry(string Name, string Summary, Settings Defaults, Func<IWorkload> Create);

/// <summary>Every workload. A new one is a file in workloads/ and a row here.</summary>
internal static class WorkloadTable
{
    public static readonly WorkloadEntry[] All =
    [
        new("asm", "collectible assemblies of 4 types x 20 methods; size: operations in a method",
            new Settings { Rounds = 2, Count = 100, Size = 20 }, () => new AssemblyWorkload(keep: false)),
        new("keep", "the same assemblies, never let go (negative control)",
            new Settings { Rounds = 2, Count = 100, Size = 20 }, () => new AssemblyWorkload(keep: true)),
        new("dyn", "dynamic methods; size: operations in a method",
            new Settings { Rounds = 2, Count = 100, Size = 1000 }, () => new DynamicMethodWorkload()),
        new("alc", "a DLL in collectible load contexts; size: generic instantiations it makes",
            new Settings { Rounds = 2, Count = 50, Size = 40 }, () => new LoadContextWorkload()),
        new("regex", "RegexOptions.Compiled; size: alternatives in a pattern",
            new Settings { Rounds = 2, Count = 100, Size = 8 }, () => new RegexWorkload()),
        new("expr", "Expression.Compile; size: operations in a lambda",
            new Settings { Rounds = 2, Count = 200, Size = 100 }, () => new ExpressionWorkload()),
        new("native", "memory of malloc that is never freed, no code; size: KiB of a block",
            new Settings { Rounds = 2, Count = 256, Size = 64 }, () => new NativeMemoryWorkload()),
        new("heap", "managed arrays that stay referenced, no code; size: KiB of an array",
            new Settings { Rounds = 2, Count = 256, Size = 64 }, () => new HeapWorkload()),
        new("pressure", "asm, then managed arrays that come and go; size: MiB of them in a later round",
            new Settings { Rounds = 2, Count = 100, Size = 64 }, () => new PressureWorkload()),
        new("hello", "no code at all (baseline)",
            new Settings { Rounds = 1, Count = 1, Size = 1 }, () => new HelloWorkload()),
    ];
}
