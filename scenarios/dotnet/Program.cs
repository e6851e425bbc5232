using System.Runtime.CompilerServices;

namespace WxBench;

/// <summary>
/// Makes code at run time, runs it, lets it go and collects, round after round, and stops at every step so that it can
/// be measured from outside. It measures itself only where nobody else can.
/// </summary>
internal static class Program
{
    private const int Done = 0;
    private const int WrongResult = 1;
    private const int BadUsage = 2;
    private const int ObserverGone = 3;

    /// <summary>Collectible code needs several collections: one finds it dead, later ones run what frees it.</summary>
    private const int Collections = 4;

    private static int Main(string[] arguments)
    {
        try
        {
            return arguments is ["--list"] ? List() : Run(arguments);
        }
        catch (UsageException error)
        {
            Console.Error.WriteLine($"wxworkload: {error.Message}");
            return BadUsage;
        }
        catch (WrongResultException error)
        {
            Console.Error.WriteLine($"wxworkload: wrong result: {error.Message}");
            return WrongResult;
        }
        catch (ObserverGoneException)
        {
            return ObserverGone;
        }
    }

    private static int List()
    {
        foreach (WorkloadEntry entry in WorkloadTable.All)
        {
            Settings settings = entry.Defaults;
            string defaults = $"rounds={settings.Rounds} count={settings.Count} size={settings.Size} drift={settings.Drift}";
            Console.WriteLine($"{entry.Name}\t{defaults}\t{entry.Summary}");
        }
        return Done;
    }

    private static int Run(string[] arguments)
    {
        WorkloadEntry entry = Find(arguments);
        Settings settings = entry.Defaults.With(arguments.Skip(1));
        StepChannel channel = StepChannel.FromEnvironment();
        IWorkload workload = entry.Create();
        StepChannel.WarmUp();
        CollectFully();

        ulong checksum = Checksum.Empty;
        channel.Step(0, "start");
        for (int round = 1; round <= settings.Rounds; round++)
        {
            checksum = Checksum.Add(checksum, workload.Generate(round, settings.Count, settings.SizeIn(round)));
            channel.Step(round, "generated");
            workload.Drop();
            channel.Step(round, "dropped");
            CollectFully();
            channel.Step(round, "collected");
        }
        channel.Step(settings.Rounds, "end");
        foreach ((string name, long value) in (workload as IFigures)?.Figures() ?? [])
        {
            Console.Error.WriteLine($"wxworkload: {name}={value}");
        }
        Console.WriteLine($"{entry.Name} checksum {checksum:x16}");
        return Done;
    }

    private static WorkloadEntry Find(string[] arguments)
    {
        string names = string.Join(", ", WorkloadTable.All.Select(entry => entry.Name));
        if (arguments.Length == 0)
        {
            throw new UsageException($"expected WORKLOAD [rounds=N] [count=N] [size=N] [drift=N]; workloads: {names}");
        }
        return WorkloadTable.All.FirstOrDefault(entry => entry.Name == arguments[0])
            ?? throw new UsageException($"no workload '{arguments[0]}'; there are: {names}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CollectFully()
    {
        for (int i = 0; i < Collections; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
    }
}
