using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace WxBench.Workloads;

/// <summary>
/// `alc`: loads wxplugin.dll into count collectible contexts, as a plugin host does, and calls it in each; size is the
/// number of generic instantiations that the plugin makes. Drop unloads the contexts.
/// </summary>
internal sealed class LoadContextWorkload : IWorkload
{
    private static readonly string s_path = Path.Combine(AppContext.BaseDirectory, "wxplugin.dll");

    private readonly List<AssemblyLoadContext> _live = [];

    public ulong Generate(int round, int count, int size)
    {
        ulong checksum = Checksum.Empty;
        for (int i = 0; i < count; i++)
        {
            checksum = Checksum.Add(checksum, (uint)LoadAndCall(i, size));
        }
        return checksum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Drop()
    {
        foreach (AssemblyLoadContext context in _live)
        {
            context.Unload();
        }
        _live.Clear();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int LoadAndCall(int index, int size)
    {
        var context = new AssemblyLoadContext($"plugin{index}", isCollectible: true);
        _live.Add(context);
        Assembly assembly = context.LoadFromAssemblyPath(s_path);
        MethodInfo run = assembly.GetType("WxBench.Plugin.Entry", throwOnError: true)!.GetMethod("Run")!;
        int actual = run.CreateDelegate<Func<int, int, int>>()(size, index);
        int expected = Expected(size, index);
        return actual == expected ? actual : throw new WrongResultException($"plugin {index}", expected, actual);
    }

    private static int Expected(int last, int seed)
    {
        int sum = 0;
        for (int number = 1; number <= last; number++)
        {
            sum = unchecked(sum + ((number * seed) ^ number));
        }
        return sum;
    }
}
