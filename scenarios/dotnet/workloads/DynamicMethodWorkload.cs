using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace WxBench.Workloads;

/// <summary>`dyn`: count dynamic methods; size is the operations in a method.</summary>
internal sealed class DynamicMethodWorkload : IWorkload
{
    private readonly List<Func<int, int>> _live = [];

    public ulong Generate(int round, int count, int size)
    {
        ulong checksum = Checksum.Empty;
        for (int i = 0; i < count; i++)
        {
            checksum = Checksum.Add(checksum, (uint)GenerateMethod(i, size));
        }
        return checksum;
    }

    public void Drop() => _live.Clear();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int GenerateMethod(int identity, int size)
    {
        var method = new DynamicMethod($"Method{identity}", typeof(int), [typeof(int)], typeof(DynamicMethodWorkload).Module);
        GeneratedBody.Emit(method.GetILGenerator(), identity, size);
        var function = method.CreateDelegate<Func<int, int>>();
        _live.Add(function);
        return GeneratedBody.Check(function, identity, size);
    }
}
