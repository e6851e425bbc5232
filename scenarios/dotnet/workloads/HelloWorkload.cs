namespace WxBench.Workloads;

/// <summary>Makes no code: what the runtime itself takes. Ignores count, size and drift.</summary>
internal sealed class HelloWorkload : IWorkload
{
    public ulong Generate(int round, int count, int size) => 0;

    public void Drop()
    {
    }
}
