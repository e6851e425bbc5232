namespace WxBench;

/// <summary>
/// One way in which a program makes code at run time. Program calls Generate and Drop once a round, in this order.
/// </summary>
internal interface IWorkload
{
    /// <summary>
    /// Makes `count` units of code whose bodies have `size` parts, runs all of it, checks every result and keeps the
    /// code alive. Returns a number that depends on the results alone.
    /// Throws WrongResultException when generated code does not compute what it should.
    /// </summary>
    ulong Generate(int round, int count, int size);

    /// <summary>Lets go of what Generate kept, so that the next full collections can free it.</summary>
    void Drop();
}

/// <summary>A workload that knows figures that nobody can see from outside.</summary>
internal interface IFigures
{
    /// <summary>Written to standard error at the end, `wxworkload: NAME=VALUE` each.</summary>
    IEnumerable<(string Name, long Value)> Figures();
}

/// <summary>Generated code ran and returned something else than it must.</summary>
internal sealed class WrongResultException(string what, long expected, long actual)
    : Exception($"{what}: expected {expected}, got {actual}");
