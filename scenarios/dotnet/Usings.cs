// What every file of the workloads uses; written down, so that a bare compiler builds them too.
global using System;
global using System.Collections.Generic;
global using System.IO;
global using System.Linq;
global using System.Threading;
